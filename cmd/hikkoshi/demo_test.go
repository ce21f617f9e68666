package main

import (
	"strings"
	"testing"
)

func TestTheDemoOfTheREADMEEndsWithNothingLost(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real nodes")
	}
	t.Parallel()
	code, output := program.Attempt(t, nil, "demo", "--documents", "2000")
	if code != exitDone || !strings.Contains(output, "Nothing lost, nothing doubled") {
		t.Errorf("demo: exit code %d\n%s", code, output)
	}
}
