package labtest

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// Ask sends one request to a node and gives the status with the answer, whatever they are. A body is JSON.
func Ask(t testing.TB, method, url, body string) (status int, answer string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }() // only read
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// Call is Ask for a request that has to succeed.
func Call(t testing.TB, method, url, body string) string {
	t.Helper()
	status, answer := Ask(t, method, url, body)
	if status >= http.StatusMultipleChoices {
		t.Fatalf("%s %s: %d %s", method, url, status, answer)
	}
	return answer
}

// Get asks for what lies at an address; what says that there is nothing is an answer too.
func Get(t testing.TB, url string) string {
	t.Helper()
	_, answer := Ask(t, http.MethodGet, url, "")
	return answer
}
