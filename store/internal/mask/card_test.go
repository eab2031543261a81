package mask

import "testing"

func TestCardsHaveABrandAndACheckDigit(t *testing.T) {
	for text, want := range map[string]bool{
		"4111111111111111": true, "4111-1111-1111-1111": true, "4111 1111 1111 1111": true, "4111+1111+1111+1111": true, "378282246310005": true,
		"3782-822463-10005": true, "30569309025904": true, "6200000000000005": true, "see 5500005555555559.": true, "6304000000000000": true,
		"4111111111111112": false, "4111-1111-1111-1112": false, "41111111-1111-1111": false, "411111111111111": false, "1234567812345670": false,
		"x4111111111111111": false, "4111111111111111x": false, "0.4111111111111111": false, "41111111111111110": false, "4222222222222": false,
		"DE4111111111111111": false, "4111-1111-1111-1111-1111": false, "": false, "4111": false, "7-4111111111111111": false,
	} {
		var w walk
		if got := w.hasCard(text); got != want {
			t.Errorf("%q has the number of a card: %v, want %v", text, got, want)
		}
	}
}
