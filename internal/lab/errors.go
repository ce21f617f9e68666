package lab

// errors.go answers: what can go wrong in the lab, and what does the person do about it?

import "errors"

// The kinds of failure, for errors.Is; each arrives wrapped in an *Error.
var (
	ErrUnknownVersion = errors.New("unknown version")
	ErrNoJDK          = errors.New("no fitting JDK")
	ErrNoMaven        = errors.New("no Maven")
	ErrNoSpace        = errors.New("not enough disk space")
	ErrDownload       = errors.New("download failed")
	ErrChecksum       = errors.New("checksum mismatch")
	ErrPortTaken      = errors.New("port taken")
	ErrStart          = errors.New("node did not start")
)

// Error is a failure of the lab told to a person: what happened, what to do now, and the tail of the log that shows it.
type Error struct {
	Kind error
	What string
	Hint string
	// Log is the end of the failing program's output; it may be empty.
	Log string
	// Err is the cause; it may be nil.
	Err error
}

// Error says what happened, what to do, and shows the log's tail on lines of its own.
func (e *Error) Error() string {
	text := e.What
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	if e.Hint != "" {
		text += " (" + e.Hint + ")"
	}
	if e.Log != "" {
		text += "\n" + e.Log
	}
	return text
}

// Unwrap gives the kind and the cause to errors.Is and errors.As.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}
