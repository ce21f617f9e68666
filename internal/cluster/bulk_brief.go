package cluster

// bulk_brief.go answers: which of many thousand items are no success? The answer is read once, front to back, and what
// succeeded costs nothing but its bytes. Next: scan.go.

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// briefFilter leaves of every item its status and error; items keep their places, since each has a status.
const briefFilter = "took,errors,error,status,items.*.status,items.*.error"

func briefQuery(query url.Values) url.Values {
	brief := url.Values{"filter_path": {briefFilter}}
	for key, values := range query {
		brief[key] = values
	}
	return brief
}

// readBrief counts all items and keeps those that failed or conflict.
func (r *BulkResult) readBrief(body []byte) error {
	in := jsonWalk{text: body}
	found := false
	err := in.object(func(key []byte) error {
		switch string(key) {
		case "took":
			value, err := in.value()
			if err != nil {
				return err
			}
			took, err := strconv.ParseInt(string(value), 10, 64)
			r.Took = time.Duration(took) * time.Millisecond
			return err
		case "items":
			found = true
			return in.array(func() error { return r.briefItem(&in) })
		}
		_, err := in.value()
		return err
	})
	if err == nil && !found {
		err = errNoItems
	}
	if err != nil {
		return fmt.Errorf("%w: %w: %s", ErrBulkAnswer, err, shorten(string(body[:min(len(body), 400)]), 200))
	}
	return nil
}

// briefItem reads {"index":{"status":201,...}}.
func (r *BulkResult) briefItem(in *jsonWalk) error {
	return in.object(func(action []byte) error {
		start, status, failed := in.at, 0, false
		err := in.object(func(key []byte) error {
			value, err := in.value()
			switch string(key) {
			case "status":
				status = number(value)
			case "error":
				failed = true
			}
			return err
		})
		if err != nil {
			return err
		}
		if failed || status < http.StatusOK || status >= http.StatusMultipleChoices {
			item := readItem(string(action), gjson.ParseBytes(in.text[start:in.at]))
			item.Position = r.Count
			if item.Failed() {
				r.Failed++
				r.Items = append(r.Items, item)
			}
		}
		r.Count++
		return nil
	})
}

// number reads a small whole number; anything else is 0, which is no success.
func number(text []byte) int {
	value := 0
	for _, c := range text {
		if c < '0' || c > '9' || value > 1<<20 {
			return 0
		}
		value = value*10 + int(c-'0')
	}
	return value
}

var (
	errNoItems  = errors.New("no items")
	errCutShort = errors.New("cut short or no JSON")
)

// jsonWalk walks over JSON without making anything of it.
type jsonWalk struct {
	text []byte
	at   int
}

// next passes blanks and gives the next character, or 0 at the end.
func (w *jsonWalk) next() byte {
	for w.at < len(w.text) {
		switch c := w.text[w.at]; c {
		case ' ', '\n', '\r', '\t':
			w.at++
		default:
			return c
		}
	}
	return 0
}

func (w *jsonWalk) take(c byte) error {
	if w.next() != c {
		return errCutShort
	}
	w.at++
	return nil
}

// object calls visit behind each key; visit reads the value.
func (w *jsonWalk) object(visit func(key []byte) error) error {
	if err := w.take('{'); err != nil {
		return err
	}
	if w.next() == '}' {
		w.at++
		return nil
	}
	for {
		key, err := w.quoted()
		if err == nil {
			err = w.take(':')
		}
		if err == nil {
			err = visit(key)
		}
		if err != nil {
			return err
		}
		if w.next() == '}' {
			w.at++
			return nil
		}
		if err := w.take(','); err != nil {
			return err
		}
	}
}

// array calls visit at each element; visit reads it.
func (w *jsonWalk) array(visit func() error) error {
	if err := w.take('['); err != nil {
		return err
	}
	if w.next() == ']' {
		w.at++
		return nil
	}
	for {
		if err := visit(); err != nil {
			return err
		}
		if w.next() == ']' {
			w.at++
			return nil
		}
		if err := w.take(','); err != nil {
			return err
		}
	}
}

// quoted gives the bytes between a string's quotes, escapes as they are.
func (w *jsonWalk) quoted() ([]byte, error) {
	if err := w.take('"'); err != nil {
		return nil, err
	}
	start := w.at
	for {
		quote := bytes.IndexByte(w.text[w.at:], '"')
		if quote < 0 {
			return nil, errCutShort
		}
		end := w.at + quote
		w.at = end + 1
		slashes := 0
		for i := end - 1; i >= start && w.text[i] == '\\'; i-- {
			slashes++
		}
		if slashes%2 == 0 {
			return w.text[start:end], nil
		}
	}
}

// value passes over one value and gives its bytes, a string's quotes included.
func (w *jsonWalk) value() ([]byte, error) {
	c := w.next()
	start := w.at
	var err error
	switch c {
	case '{':
		err = w.object(func([]byte) error { _, err := w.value(); return err })
	case '[':
		err = w.array(func() error { _, err := w.value(); return err })
	case '"':
		_, err = w.quoted()
	case 0:
		err = errCutShort
	default:
		for w.at < len(w.text) && strings.IndexByte(",]} \n\r\t", w.text[w.at]) < 0 {
			w.at++
		}
		if w.at == start {
			err = errCutShort
		}
	}
	return w.text[start:w.at], err
}
