package command

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gin-userlog/userlog/internal/doctor"
	"github.com/gin-userlog/userlog/internal/webcheck"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/views"
)

// Exit statuses of the doctor: those that monitoring programs expect.
const (
	statusOthers statusError = 1 // something is to be looked at
	statusGrave  statusError = 2 // something is to be mended now
)

// doctorCommand is "userlog doctor".
type doctorCommand struct {
	URL        string   `name:"url" placeholder:"URL" help:"The admin as browsers reach it, such as https://shop.example.com/userlog/: what a proxy in front gets wrong is found, too."`
	URLCA      string   `name:"url-ca" placeholder:"FILE" help:"For --url: the authorities, in PEM, one of which must have signed its certificate; by default those of the system."`
	TokenFile  string   `placeholder:"FILE" help:"The file whose first line is a token of an account: with it a live log is opened by --url, and held open. That is a look at a user called userlog-doctor, which the audit log has."`
	Stay       duration `default:"30s" help:"How long that live log is held open, to see whether a proxy cuts it."`
	JSON       bool     `name:"json" help:"Print what is found as JSON."`
	redisFlags `embed:"" set:"redis_need=Without it only what --url leads to is examined."`
}

// diagnosis is one finding as it is printed.
type diagnosis struct {
	Name  string `json:"name"`
	Grave bool   `json:"grave"`
	Says  string `json:"says"`
	Next  string `json:"next,omitempty"`
}

// Run is called by kong.
func (c *doctorCommand) Run(ctx context.Context, std streams) error {
	if c.Redis == "" && c.URL == "" {
		return usage("say what to examine: --redis, --url or both, or set %s", variable("redis"))
	}
	where, err := c.website()
	if err != nil {
		return err
	}
	var found []diagnosis
	if c.Redis != "" {
		if found, err = c.examineRedis(ctx, std.err); err != nil {
			return err
		}
	}
	if c.URL != "" {
		for _, f := range webcheck.Examine(ctx, where) {
			found = append(found, diagnosis{f.Name, f.Grave, f.Says, f.Next})
		}
	}
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted: %w", ctx.Err())
	}
	for i := range found { // servers have been quoted in it
		found[i].Says, found[i].Next = visible(found[i].Says), visible(found[i].Next)
	}
	if err := c.print(std.out, found); err != nil {
		return err
	}
	return statusOf(found)
}

// examineRedis looks for what is wrong behind --redis.
func (c *doctorCommand) examineRedis(ctx context.Context, stderr io.Writer) ([]diagnosis, error) {
	words, err := views.NewWords()
	if err != nil {
		return nil, err
	}
	quiet := slog.New(slog.DiscardHandler)
	logs, err := c.openRedis(store.Options{Logger: quiet})
	if err != nil {
		return nil, err
	}
	defer closeStore(context.Background(), logs, quiet)
	var found []diagnosis
	for _, f := range doctor.Examine(ctx, logs, doctor.Options{Logger: slog.New(slog.NewTextHandler(stderr, nil))}) {
		f.Subject, f.Other = visible(f.Subject), visible(f.Other)
		d := diagnosis{Name: f.Name, Grave: f.Grave}
		if d.Says, d.Next = words.Finding(f); f.Cause != nil {
			trouble := redisTrouble(logs.Address(), f.Cause)
			d.Says, d.Next = trouble+".", sentence(strings.TrimPrefix(redisFailure(logs.Address(), f.Cause).Error(), trouble+": "))
		}
		found = append(found, d)
	}
	return found, nil
}

// sentence makes what follows a colon in an error stand by itself.
func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return strings.TrimSuffix(string(unicode.ToUpper(first))+text[size:], ".") + "."
}

// website is what --url and the flags beside it say. Its errors are mistakes in them.
func (c *doctorCommand) website() (webcheck.Options, error) {
	if c.URL == "" {
		if c.URLCA != "" || c.TokenFile != "" {
			return webcheck.Options{}, usage("--url-ca and --token-file are of no use without --url: say where browsers reach the admin")
		}
		return webcheck.Options{}, nil
	}
	where, err := url.Parse(c.URL)
	if err != nil || where.Scheme != "http" && where.Scheme != "https" || where.Host == "" || where.User != nil {
		return webcheck.Options{}, usage("--url is not an address without a name or a password: use one such as https://shop.example.com/userlog/")
	}
	options := webcheck.Options{URL: where, Stay: time.Duration(c.Stay)}
	if c.URLCA != "" {
		authorities, err := os.ReadFile(c.URLCA)
		if err != nil {
			return webcheck.Options{}, usage("--url-ca: %w", err)
		}
		options.Roots = x509.NewCertPool()
		if !options.Roots.AppendCertsFromPEM(authorities) {
			return webcheck.Options{}, usage("--url-ca %s has no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----", c.URLCA)
		}
	}
	if c.TokenFile != "" {
		if options.Token, err = secretIn("token-file", c.TokenFile); err != nil {
			return webcheck.Options{}, err
		}
	}
	return options, nil
}

// print prints what is found, for people or for programs.
func (c *doctorCommand) print(w io.Writer, found []diagnosis) error {
	if c.JSON {
		if found == nil {
			found = []diagnosis{}
		}
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(map[string][]diagnosis{"findings": found})
	}
	if len(found) == 0 {
		fmt.Fprintln(w, "Nothing is wrong.")
	}
	for _, d := range found {
		weight := "Look at"
		if d.Grave {
			weight = "Mend now"
		}
		fmt.Fprintf(w, "%s: %s\n", weight, d.Says)
		if d.Next != "" {
			fmt.Fprintf(w, "    %s\n", d.Next)
		}
	}
	return nil
}

// statusOf is the exit status for what is found, or nil where that is nothing.
func statusOf(found []diagnosis) error {
	var status error
	for _, d := range found {
		if d.Grave {
			return statusGrave
		}
		status = statusOthers
	}
	return status
}
