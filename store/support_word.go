package store

import (
	"crypto/rand"
	"strings"
)

// supportWords are words that people who speak different languages can say and recognise on the phone. There are 64.
const supportWords = "amber anchor apple bamboo banana basket canyon carpet castle cherry cinema circus coffee comet cotton desert diamond dolphin " +
	"falcon feather forest garden giraffe guitar harbor honey island jacket jasmine kiwi ladder lemon lion mango marble melon mirror " +
	"mountain olive orange panda paper pepper piano pillow planet pocket rabbit radio river robot rocket saffron salmon silver tango " +
	"tiger tomato tulip tunnel velvet violin window yogurt"

// newSupportWord returns one of these words, by chance.
func newSupportWord() string {
	words := strings.Fields(supportWords)
	var random [1]byte
	rand.Read(random[:]) // never fails, says its documentation
	return words[int(random[0])%len(words)]
}
