package lab

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
)

func TestEveryVersionStartsAnswersAndLeavesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real nodes")
	}
	for _, name := range Versions() {
		t.Run(name, func(t *testing.T) {
			node, err := Start(t.Context(), Options{Version: name, RepoDirs: []string{t.TempDir(), t.TempDir()}})
			if err != nil {
				t.Fatal(err)
			}
			home := node.record.Home
			body := get(t, node.URL()+"/_nodes/_local")
			if want := `"version":"` + strings.TrimPrefix(name, OpenSearch) + `"`; !strings.Contains(body, want) {
				t.Errorf("the node does not call itself %s: %.400s", want, body)
			}
			if err := node.Stop(context.Background()); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(home); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the node's folder is still there: %v", err)
			}
		})
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
