package ui

// progress.go answers: how do the engine's events look while a run goes on?

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hikkoshi/hikkoshi/internal/engine"
)

const barWidth = 24

// Event shows one event of the engine. It fits engine.Sink.
func (v *View) Event(event engine.Event) {
	if v.Quiet {
		return
	}
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if v.JSON {
		v.writeJSON(v.Progress, event)
		return
	}
	place := ""
	if event.Steps > 0 {
		place = fmt.Sprintf("[%d/%d] ", event.Position, event.Steps)
	}
	switch event.Kind {
	case engine.EventStarted:
		v.line("  ▸ %s%s%s", place, event.Title, after(" — ", event.Message))
	case engine.EventDone:
		v.line("  ✓ %s%s%s", place, event.Title, after("  ", elapsed(event.Elapsed)))
	case engine.EventSkipped:
		v.line("  ✓ %s%s (%s)", place, event.Title, event.Message)
	case engine.EventBlocked:
		v.line("  ■ %s%s: %s", place, event.Title, event.Message)
	case engine.EventFailed:
		v.line("  ✗ %s%s: %s", place, event.Title, event.Message)
	case engine.EventUndoing:
		v.line("  ◂ %stake back: %s", place, event.Title)
	case engine.EventUndone:
		v.line("  ✓ %staken back: %s%s", place, event.Title, after("  ", elapsed(event.Elapsed)))
	case engine.EventNote:
		v.line("      %s", event.Message)
	case engine.EventProgress:
		v.progress(event)
	}
}

func (v *View) line(format string, arguments ...any) {
	v.clearLive()
	fmt.Fprintf(v.Progress, format+"\n", arguments...)
}

// progress redraws the last line of a terminal. Elsewhere, in a log, a bar would only be noise.
func (v *View) progress(event engine.Event) {
	if !v.Terminal {
		return
	}
	text := "      " + Bar(event.Current, event.Total) + " "
	if event.Total > 0 {
		text += fmt.Sprintf("%s of %s %s", Count(event.Current), Count(event.Total), event.Unit)
	} else {
		text += fmt.Sprintf("%s %s", Count(event.Current), event.Unit)
	}
	text += after("  ", event.Message) + after("  ", elapsed(event.Elapsed))
	if utf8.RuneCountInString(text) > v.Width-1 {
		text = string([]rune(text)[:v.Width-1])
	}
	fmt.Fprint(v.Progress, "\r\x1b[K"+text)
	v.live = true
}

// Bar draws how much of total is done; a total of 0 is unknown.
func Bar(current, total int64) string {
	filled := 0
	if total > 0 {
		filled = int(min(current, total) * barWidth / total)
	}
	return strings.Repeat("█", filled) + strings.Repeat("░", barWidth-filled)
}

func after(separator, text string) string {
	if text == "" {
		return ""
	}
	return separator + text
}

func elapsed(duration time.Duration) string {
	switch {
	case duration < time.Second/2:
		return ""
	case duration < time.Minute:
		return fmt.Sprintf("%.1f s", duration.Seconds())
	}
	return duration.Round(time.Second).String()
}
