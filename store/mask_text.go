package store

// MaskText returns a text in words, such as a note of a person, without the secrets that can be told from words: cards, tokens, and what
// follows their names. They are masked as in [Entry.Problem].
func (s *Store) MaskText(text string) string { return s.masker.Sentence(text) }
