package sending

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Message is what destinations are sent.
type Message struct {
	ID   string          `json:"id"`   // unique: a receiver that gets it twice knows by it
	Type string          `json:"type"` // such as userlog.test
	Time time.Time       `json:"time"` // when it was made
	Text string          `json:"text"` // what it says, for people
	Data json.RawMessage `json:"data,omitempty"`
}

// standardPayload is a message as [Standard] has it.
type standardPayload struct {
	Type      string          `json:"type"`
	Timestamp time.Time       `json:"timestamp"`
	Text      string          `json:"text"`
	Data      json.RawMessage `json:"data,omitempty"`
}

// slackPayload is a message as [Slack] has it. Nothing in the text is a command, and links in it are not looked into.
type slackPayload struct {
	Text        string `json:"text"`
	Markdown    bool   `json:"mrkdwn"`
	UnfurlLinks bool   `json:"unfurl_links"`
	UnfurlMedia bool   `json:"unfurl_media"`
}

// slackEscapes are the characters that mean something in a text for Slack.
var slackEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// payload is the message in a format.
func (m Message) payload(f Format) ([]byte, error) {
	if f == Slack {
		return json.Marshal(slackPayload{Text: slackEscapes.Replace(m.Text)})
	}
	return json.Marshal(standardPayload{m.Type, m.Time.UTC(), m.Text, m.Data})
}

// signatures are those of a message that is sent at a time: one for each key, as the header webhook-signature has them.
func signatures(keys [][]byte, id string, at time.Time, payload []byte) string {
	all := make([]string, len(keys))
	for i, key := range keys {
		code := hmac.New(sha256.New, key)
		code.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + ".")) // never fails
		code.Write(payload)
		all[i] = "v1," + base64.StdEncoding.EncodeToString(code.Sum(nil))
	}
	return strings.Join(all, " ")
}
