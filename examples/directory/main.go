// Command directory is what to copy for an application that says who its users are. It serves a JSON endpoint for "userlog serve
// --directory-url". An application that mounts the admin gives the same customers to handlers.Options.Directory instead.
package main

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/gin-userlog/userlog/handlers"
)

// customers are a directory in memory. Yours asks a database.
type customers []handlers.Person

// Search implements [handlers.Directory]: it finds names, details, and what facts say, such as the number of an order.
func (c customers) Search(_ context.Context, query string) ([]handlers.Person, error) {
	var found []handlers.Person
	for _, person := range c {
		texts := []string{person.Name, person.Detail}
		for _, fact := range person.Facts {
			texts = append(texts, fact.Text)
		}
		if strings.Contains(strings.ToLower(strings.Join(texts, " ")), strings.ToLower(query)) {
			found = append(found, person)
		}
	}
	return found, nil
}

// Lookup implements [handlers.Directory].
func (c customers) Lookup(_ context.Context, usernames ...string) (map[string]handlers.Person, error) {
	known := make(map[string]handlers.Person)
	for _, person := range c {
		for _, username := range usernames {
			if person.Username == username {
				known[username] = person
			}
		}
	}
	return known, nil
}

// endpoint answers the questions of "userlog serve". It refuses everybody who does not have the secret.
func endpoint(directory handlers.Directory, secret string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+secret)) != 1 {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		var question struct {
			Search string   `json:"search"`
			Lookup []string `json:"lookup"`
		}
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&question); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		answer := struct {
			People []handlers.Person `json:"people"`
		}{People: []handlers.Person{}}
		var err error
		if question.Search != "" {
			answer.People, err = directory.Search(r.Context(), question.Search)
		} else {
			var known map[string]handlers.Person
			known, err = directory.Lookup(r.Context(), question.Lookup...)
			for _, person := range known {
				answer.People = append(answer.People, person)
			}
		}
		if err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer) // nobody is there to be told
	}
}

func main() {
	secret := os.Getenv("SECRET")
	if secret == "" {
		log.Fatal("set SECRET to what is in --directory-secret-file")
	}
	shop := customers{{
		Username: "42", Name: "Ada Lovelace", Detail: "Gold, London",
		Facts: []handlers.Fact{{Label: "Order", Text: "4711", URL: "https://crm.example.com/orders/4711"}},
	}}
	server := &http.Server{Addr: "127.0.0.1:8082", Handler: endpoint(shop, secret), ReadHeaderTimeout: 5 * time.Second}
	fmt.Println("The directory is at http://127.0.0.1:8082/")
	log.Fatal(server.ListenAndServe())
}
