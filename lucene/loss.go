// loss.go answers: what is missing when a part of a segment can't be read?

package lucene

import "fmt"

// LossError says which documents of a segment could not be read, or, when Delivered, were delivered but can't be trusted.
type LossError struct {
	Segment   string
	From, To  int  // document numbers, To not included
	Delivered bool // the documents went out, but the file's checksum is wrong
	Err       error
}

// Error names the segment, the documents and the cause, which names file and offset.
func (e *LossError) Error() string {
	if e.Delivered {
		return fmt.Sprintf("segment %s: documents %d to %d can't be trusted: %v", e.Segment, e.From, e.To-1, e.Err)
	}
	return fmt.Sprintf("segment %s: documents %d to %d lost: %v", e.Segment, e.From, e.To-1, e.Err)
}

// Unwrap gives the cause.
func (e *LossError) Unwrap() error { return e.Err }
