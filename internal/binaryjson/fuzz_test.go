package binaryjson

import (
	"bytes"
	"encoding/json"
	"testing"
)

// seed gives the fuzzer the table's bytes of one form.
func seed(f *testing.F, kind Kind) {
	for _, form := range forms {
		src := []byte(form.text)
		if form.hex != "" {
			src = unhex(f, form.hex)
		}
		if Detect(src) == kind {
			f.Add(src)
		}
	}
}

// convert holds what every converter promises: valid JSON after an untouched destination, or the
// destination alone; and the same again for the same bytes.
func convert(t *testing.T, to func(dst, src []byte) ([]byte, error), src []byte) {
	before := []byte("before")
	got, err := to(before, src)
	if !bytes.HasPrefix(got, before) {
		t.Fatalf("% x: destination became %q", src, got)
	}
	if err != nil {
		if len(got) != len(before) {
			t.Fatalf("% x: %v left %q", src, err, got)
		}
		return
	}
	if out := got[len(before):]; !json.Valid(out) {
		t.Fatalf("% x: no JSON: %s", src, out)
	}
}

func FuzzSMILE(f *testing.F) {
	seed(f, SMILE)
	f.Fuzz(func(t *testing.T, src []byte) { convert(t, SMILEToJSON, src) })
}

func FuzzCBOR(f *testing.F) {
	seed(f, CBOR)
	f.Fuzz(func(t *testing.T, src []byte) { convert(t, CBORToJSON, src) })
}

func FuzzYAML(f *testing.F) {
	seed(f, YAML)
	f.Fuzz(func(t *testing.T, src []byte) { convert(t, YAMLToJSON, src) })
}

func FuzzLZF(f *testing.F) {
	seed(f, LZF)
	f.Fuzz(func(t *testing.T, src []byte) {
		const most = 1 << 20
		got, err := DecodeLZF([]byte("x"), src, most)
		if len(got) == 0 || got[0] != 'x' || len(got) > most+1 || err != nil && len(got) != 1 {
			t.Fatalf("% x: %d bytes, %v", src, len(got), err)
		}
	})
}

// FuzzCompact: what is JSON stays the same JSON, and compacting again changes nothing.
func FuzzCompact(f *testing.F) {
	seed(f, JSON)
	f.Fuzz(func(t *testing.T, src []byte) {
		got, err := Compact(nil, src)
		if err != nil {
			if json.Valid(src) {
				t.Fatalf("%q is JSON: %v", src, err)
			}
			return
		}
		if !json.Valid(src) {
			return
		}
		var want bytes.Buffer
		if err := json.Compact(&want, src); err != nil || !bytes.Equal(want.Bytes(), got) {
			t.Fatalf("%q became %q, want %q (%v)", src, got, want.Bytes(), err)
		}
	})
}
