package lab

import (
	"flag"
	"os"
	"testing"
)

var relock = flag.Bool("relock", false, "resolve every version anew and write lab.lock")

func TestRelockWritesTheLockWhenAsked(t *testing.T) {
	if !*relock {
		t.Skip("-relock not given")
	}
	text, err := Relock(t.Context(), func(e Event) { t.Log(e.Version, e.Text) })
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("lab.lock", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
