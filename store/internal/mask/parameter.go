package mask

// parameter masks a parameter of the query. One without a value is a value itself.
func (w *walk) parameter(p *part) {
	s, bare := p.bare()
	if !bare {
		w.named(p, w.text(p.text[:p.equals], p.name))
		return
	}
	has := p.rest
	if p.equals >= 0 {
		has = p.name
	}
	t := w.text(s, has)
	switch hide := w.restricted && !w.allow.has(t.decoded) || w.sensitive(t, 0); {
	case hide && p.equals >= 0:
		w.replace(p.start, p.end, masked+"=")
	case hide:
		w.replace(p.start, p.end, masked)
	}
}

// named masks the value of name=value, or all of it where the name is a secret itself.
func (w *walk) named(p *part, name text) {
	value := w.text(p.text[p.equals+1:], p.rest)
	switch {
	case w.sensitive(name, 0):
		w.replace(p.start, p.end, masked+"="+masked)
	case w.hidesValue(name.decoded, value):
		w.replace(p.start+p.equals+1, p.end, masked)
	}
}

// hidesValue reports whether the value of a parameter is masked, for its name or for what is in it.
func (w *walk) hidesValue(name string, value text) bool {
	if w.restricted {
		return !w.allow.has(name) || w.host.has(name) || w.sensitive(value, kept)
	}
	r := w.read(name)
	switch w.meaning(name, &r) {
	case secret, common:
		return true
	case announcing:
		if w.work += len(value.decoded); !isWords(value.decoded) {
			return true
		}
	}
	return r.last&valueMember != 0 && w.inQuery && w.namesSecretInPair() || w.sensitive(value, r.last.known())
}

// namesSecretInPair reports whether the query has a parameter like name=password, beside which
// value=x is a secret.
func (w *walk) namesSecretInPair() bool {
	if w.pairs != unasked {
		return w.pairs == yes
	}
	w.pairs = no
	all := walk{Masker: w.Masker, raw: w.raw}
	for w.pairs == no {
		p, ok := all.cut(queryDelimiter)
		if !ok {
			break
		}
		if _, bare := p.bare(); !bare && (all.exhausted() || all.namesSecret(&p)) {
			w.pairs = yes
		}
	}
	w.work += all.work
	return w.pairs == yes
}

// namesSecret recognises name=password.
func (w *walk) namesSecret(p *part) bool {
	name := w.text(p.text[:p.equals], p.name).decoded
	if r := w.read(name); r.last&nameMember == 0 {
		return false
	}
	return w.namesValue(w.text(p.text[p.equals+1:], p.rest).decoded)
}

// namesValue reports whether a text is the name of a secret.
func (w *walk) namesValue(name string) bool {
	r := w.read(name)
	found := w.meaning(name, &r)
	return found == secret || found == common
}
