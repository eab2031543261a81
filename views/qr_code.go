package views

import (
	"fmt"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// quietZone is the white margin that readers of QR codes need, in modules.
const quietZone = 4

// qrCode is a QR code as an SVG image: it needs no picture of its own, and no style.
type qrCode struct {
	Path string // of the black modules
	Size int    // of the image, in modules
}

// newQRCode returns the QR code of a text, which can be some 2,000 characters long.
func newQRCode(text string) (qrCode, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return qrCode{}, fmt.Errorf("make a QR code: %w", err)
	}
	size := code.Bounds().Dx()
	var path strings.Builder
	for y := range size {
		for x := 0; x < size; x++ {
			begin := x
			for x < size && isBlack(code.At(x, y)) {
				x++
			}
			if x > begin {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", begin+quietZone, y+quietZone, x-begin, x-begin)
			}
		}
	}
	return qrCode{Path: path.String(), Size: size + 2*quietZone}, nil
}

// isBlack reports whether a color of a QR code is that of its modules.
func isBlack(c interface{ RGBA() (r, g, b, a uint32) }) bool {
	r, _, _, _ := c.RGBA()
	return r == 0
}
