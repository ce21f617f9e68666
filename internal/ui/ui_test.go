package ui

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/engine"
)

func TestATableIsAlignedWhateverItsLetters(t *testing.T) {
	t.Parallel()
	table := Table{Title: "T", Headings: []string{"name", ">count"}, Rows: [][]string{{"エラー", "1,000"}, {"b", "2"}}, Footer: []string{"together", "1,002"}}
	want := "T\nname      count\n────────  ─────\nエラー       1,000\nb             2\n────────  ─────\ntogether  1,002\n"
	if got := table.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestNumbersAndSizesAreWrittenForPeople(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{Count(0): "0", Count(999): "999", Count(1234567): "1,234,567", Count(-1000): "-1,000",
		Bytes(999): "999 B", Bytes(1500): "1.5 kB", Bytes(2_500_000_000): "2.5 GB", Bar(1, 0): strings.Repeat("░", barWidth), Bar(5, 5): strings.Repeat("█", barWidth), Bar(9, 5): strings.Repeat("█", barWidth)} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestManyNamesAreToldInOneLine(t *testing.T) {
	for _, one := range []struct {
		names []string
		want  string
	}{
		{nil, ""},
		{[]string{"a", "b", "a"}, "a, b"},
		{[]string{"logs-2017.09.10", "orders", "logs-2017.09.11", "logs-2017.09.12"}, "logs-2017.09.* (3), orders"},
		{[]string{"logs-2017.09.10", "logs-2018.09.10"}, "logs-*.09.10 (2)"},
		{[]string{"a", "b", "c", "d", "e"}, "a, b, c, d, e"},
		{[]string{"a", "b", "c", "d", "e", "f-1", "f-2"}, "a, b, c, d and 3 more"},
	} {
		if told := Names(one.names); told != one.want {
			t.Errorf("%v: %q, want %q", one.names, told, one.want)
		}
	}
}

func TestProgramsGetJSONAndPeopleGetTheHint(t *testing.T) {
	t.Parallel()
	var results, progress bytes.Buffer
	view := &View{JSON: true, Results: &results, Progress: &progress, Width: defaultWidth}
	view.Print("text that programs do not want")
	view.Event(engine.Event{Kind: engine.EventDone, Step: "restore", Title: "restore"})
	view.Error(errors.New("it broke"), "mend it", 1)
	if err := view.Result(map[string]int{"documents": 3}); err != nil {
		t.Fatal(err)
	}
	if !json.Valid(results.Bytes()) || !strings.Contains(results.String(), `"documents": 3`) {
		t.Errorf("results: %s", &results)
	}
	for line := range strings.Lines(progress.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("progress: %s", line)
		}
	}
	view.JSON = false
	progress.Reset()
	view.Error(errors.New("it broke"), "mend it", 1)
	if got := progress.String(); got != "hikkoshi: it broke\n  what to do: mend it\n" {
		t.Errorf("%q", got)
	}
}

func TestOnATerminalTheProgressLineIsRedrawnAndNeverWiderThanIt(t *testing.T) {
	t.Parallel()
	var progress bytes.Buffer
	view := &View{Terminal: true, Width: 40, Progress: &progress, Results: &bytes.Buffer{}}
	view.Event(engine.Event{Kind: engine.EventProgress, Current: 1, Total: 2, Unit: "documents", Message: strings.Repeat("x", 100)})
	line := strings.TrimPrefix(progress.String(), "\r\x1b[K")
	if len([]rune(line)) >= 40 || strings.Contains(line, "\n") {
		t.Errorf("%q", line)
	}
	view.Event(engine.Event{Kind: engine.EventDone, Title: "t"})
	if !strings.Contains(progress.String(), "\r\x1b[K  ✓ t\n") {
		t.Errorf("%q", progress.String())
	}
}

func TestADiffHasColoursOnATerminalOnly(t *testing.T) {
	t.Parallel()
	const text = "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n z\n"
	for colour, want := range map[bool]string{false: text, true: "\x1b[31m--- a\x1b[0m\n\x1b[32m+++ b\x1b[0m\n\x1b[36m@@ -1 +1 @@\x1b[0m\n\x1b[31m-x\x1b[0m\n\x1b[32m+y\x1b[0m\n z\n"} {
		var results bytes.Buffer
		view := &View{Colour: colour, Results: &results, Progress: &results}
		view.Diff(text)
		if results.String() != want {
			t.Errorf("%q, want %q", results.String(), want)
		}
	}
}
