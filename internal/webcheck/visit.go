package webcheck

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// answer is what came back.
type answer struct {
	*http.Response
	body string
}

// send makes a request, with headers of names and values in turn, and reads its answer. Redirects are not followed.
func (v *visit) send(ctx context.Context, method string, to *url.URL, body string, headers ...string) (*answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, to.String(), strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", "userlog-doctor")
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := v.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusSwitchingProtocols {
		return &answer{Response: response}, nil
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, maxPage))
	return &answer{response, string(content)}, err
}

// at is where the answer came from.
func (a *answer) at() *url.URL { return a.Request.URL }

// base is the path of the admin: that of the login page, without its last part.
func (v *visit) base() *url.URL { return v.page.at().JoinPath("..") }
