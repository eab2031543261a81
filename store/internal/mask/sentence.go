package mask

import "strings"

// Sentence masks what an application says in words, such as why it rejected something. There, the name of a secret is mostly
// followed by what is wrong with it: "password: must have 8 characters". So behind such a name only a word is hidden that does
// not read like one, and not the rest of the sentence. Addresses are masked as [Masker.Path] does. So is the number of a card, however it
// is grouped.
func (m *Masker) Sentence(raw string) string {
	s := sentence{walk: walk{Masker: m}}
	var out strings.Builder
	for rest := maskCards(raw); rest != ""; {
		start := strings.IndexFunc(rest, notBlank)
		if start < 0 {
			start = len(rest)
		}
		end := start + len(rest[start:])
		if i := strings.IndexFunc(rest[start:], isBlank); i >= 0 {
			end = start + i
		}
		out.WriteString(rest[:start])
		out.WriteString(s.word(rest[start:end]))
		rest = rest[end:]
	}
	return out.String()
}

func isBlank(r rune) bool  { return strings.ContainsRune(" \t\r\n", r) }
func notBlank(r rune) bool { return !isBlank(r) }

// sentence is what is known at one word of a sentence.
type sentence struct {
	walk
	announced meaning // by the word before, such as "password:"
}

// around are the marks around a word that do not belong to it.
const around = "\"'`()[]{},.;!?<>"

// word masks one word.
func (s *sentence) word(word string) string {
	core := strings.Trim(word, around)
	announced := s.announced
	s.announced = harmless
	if core == "" {
		s.announced = announced // a quote alone, or a dash
		return word
	}
	masked := s.maskCore(core, announced)
	if masked == core {
		return word
	}
	before := strings.Index(word, core)
	return word[:before] + masked + word[before+len(core):]
}

// maskCore masks a word without the marks around it, and notes what it announces.
func (s *sentence) maskCore(core string, announced meaning) string {
	name, value, named := strings.Cut(core, ":")
	switch {
	case strings.EqualFold(core, "bearer"), strings.EqualFold(core, "basic"):
		s.announced = secret
		return core
	case strings.ContainsAny(core, "/?&"):
		return s.Path(core)
	case strings.Contains(core, "="):
		return strings.TrimPrefix(s.Path("?"+core), "?")
	case named && strings.Trim(value, around) == "":
		s.announced = s.meaningOf(name)
		return core
	case named && s.meaningOf(name) != harmless && !isWords(strings.Trim(value, around)),
		announced != harmless && !isWords(core):
		if named {
			return name + ":" + masked
		}
		return masked
	}
	return s.Path(core)
}

// meaningOf is what a name says of its value.
func (s *sentence) meaningOf(name string) meaning {
	name = strings.Trim(name, around)
	if name == "" {
		return harmless
	}
	r := s.read(name)
	return s.meaning(name, &r)
}
