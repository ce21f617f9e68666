package ui

// view.go answers: where does a line, a result or an error go? Next: table.go.

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"golang.org/x/term"
)

// View is what commands speak through. Its methods may be called from several goroutines.
type View struct {
	// JSON turns results into one JSON value on Results, and progress into JSON lines on Progress.
	JSON bool
	// Quiet leaves out progress.
	Quiet bool
	// Results is standard output, Progress standard error.
	Results  io.Writer
	Progress io.Writer
	// Colour says that Results is a terminal that shows colours.
	Colour bool
	// Terminal says that Progress is a terminal, whose last line may be redrawn, Width how wide.
	Terminal bool
	Width    int

	mutex sync.Mutex
	live  bool // the last line on the terminal is a progress line
}

const defaultWidth = 100

// New makes a view on the process's own streams.
func New(asJSON, quiet bool) *View {
	view := &View{JSON: asJSON, Quiet: quiet, Results: os.Stdout, Progress: os.Stderr, Width: defaultWidth}
	if descriptor := int(os.Stderr.Fd()); term.IsTerminal(descriptor) && os.Getenv("TERM") != "dumb" {
		view.Terminal = true
		if width, _, err := term.GetSize(descriptor); err == nil && width > 0 {
			view.Width = width
		}
	}
	view.Colour = term.IsTerminal(int(os.Stdout.Fd())) && os.Getenv("TERM") != "dumb" && os.Getenv("NO_COLOR") == ""
	return view
}

// Say writes a line of narration for a person to the progress stream; programs get it as {"message":…}.
func (v *View) Say(format string, arguments ...any) {
	if v.Quiet {
		return
	}
	v.mutex.Lock()
	defer v.mutex.Unlock()
	message := fmt.Sprintf(format, arguments...)
	if v.JSON {
		v.writeJSON(v.Progress, map[string]string{"message": message})
		return
	}
	v.clearLive()
	fmt.Fprintln(v.Progress, message)
}

// Print writes text that is itself the result, such as a diff; programs get results through Result instead.
func (v *View) Print(text string) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if v.JSON {
		return
	}
	v.clearLive()
	fmt.Fprint(v.Results, text)
	if text != "" && !strings.HasSuffix(text, "\n") {
		fmt.Fprintln(v.Results)
	}
}

// Result writes the value as JSON when programs listen, and nothing otherwise.
func (v *View) Result(value any) error {
	if !v.JSON {
		return nil
	}
	v.mutex.Lock()
	defer v.mutex.Unlock()
	encoder := json.NewEncoder(v.Results)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// Error shows what went wrong and what to do now.
func (v *View) Error(err error, hint string, exitCode int) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if v.JSON {
		v.writeJSON(v.Progress, map[string]any{"error": err.Error(), "hint": hint, "exit": exitCode})
		return
	}
	v.clearLive()
	fmt.Fprintf(v.Progress, "hikkoshi: %s\n", err)
	if hint != "" {
		fmt.Fprintf(v.Progress, "  what to do: %s\n", hint)
	}
}

func (v *View) writeJSON(to io.Writer, value any) {
	encoder := json.NewEncoder(to)
	encoder.SetEscapeHTML(false)
	// A closed standard error leaves nobody to tell.
	_ = encoder.Encode(value)
}

func (v *View) clearLive() {
	if v.live {
		fmt.Fprint(v.Progress, "\r\x1b[K")
		v.live = false
	}
}
