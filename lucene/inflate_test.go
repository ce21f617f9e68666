package lucene

// inflate_test.go answers: does our inflater inflate as the library does, and stay within its bounds?

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/flate"
)

// libraryInflate is the oracle: exactly n bytes out of exactly src, or nil.
func libraryInflate(dict []byte, n int, src []byte) []byte {
	r := bytes.NewReader(src)
	z := flate.NewReaderDict(r, dict)
	out := make([]byte, n)
	if _, err := io.ReadFull(z, out); err != nil {
		return nil
	}
	if more, err := z.Read(make([]byte, 1)); more != 0 || err != io.EOF || r.Len() != 0 {
		return nil
	}
	return out
}

func sameAsLibrary(t *testing.T, z *inflater, dict []byte, gap, n int, src []byte) {
	t.Helper()
	const canary = 0xC5
	start := len(dict) + gap
	out := bytes.Repeat([]byte{canary}, start+n+outSlack+32)
	copy(out, dict)
	padded := append(bytes.Clone(src), bytes.Repeat([]byte{0xAA}, inflateSlackIn)...)
	ok := z.inflate(out[:start+n+outSlack], start, start+n, len(dict), padded)
	want := libraryInflate(dict, n, src)
	if ok != (want != nil) {
		t.Fatalf("%v, library %v", ok, want != nil)
	}
	if ok && !bytes.Equal(out[start:start+n], want) {
		t.Fatal("other bytes came out")
	}
	for i, b := range out {
		if i < len(dict) && b != dict[i] || b != canary && (i >= len(dict) && i < start || i >= start+n+outSlack) {
			t.Fatalf("byte %d outside of the output and its slack was touched", i)
		}
	}
}

func TestInflateIsAsTheLibrary(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	z := &inflater{}
	for i := range 3000 {
		var raw []byte
		alphabet := 1 + r.IntN(256)
		for n := r.IntN(3000); len(raw) < n; {
			switch k := r.IntN(5); {
			case k == 0 && len(raw) > 0:
				from := r.IntN(len(raw))
				for i := range 3 + r.IntN(300) {
					raw = append(raw, raw[from+i])
				}
			case k == 1:
				raw = append(raw, bytes.Repeat([]byte{byte(r.IntN(4))}, r.IntN(600))...)
			default:
				for range r.IntN(100) {
					// skewed, so that codes become long
					raw = append(raw, byte(min(r.IntN(alphabet), r.IntN(alphabet), r.IntN(alphabet))))
				}
			}
		}
		if i%100 == 0 {
			raw = bytes.Repeat(raw, 1+r.IntN(50))
		}
		dict := r.IntN(len(raw) + 1)
		var b bytes.Buffer
		w, err := flate.NewWriterDict(&b, []int{-2, -1, 0, 1, 6, 9}[r.IntN(6)], raw[:dict])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(raw[dict:]); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		src := b.Bytes()
		gap, n := r.IntN(2)*r.IntN(50), len(raw)-dict
		sameAsLibrary(t, z, raw[:dict], gap, n, src)
		if libraryInflate(raw[:dict], n, src) == nil {
			t.Fatal("the library doesn't inflate what it deflated")
		}
		switch r.IntN(3) {
		case 0:
			src = src[:r.IntN(len(src)+1)]
		case 1:
			for range 1 + r.IntN(3) {
				src[r.IntN(len(src))] ^= byte(1 << r.IntN(8))
			}
		default:
			n += r.IntN(3) - 1
		}
		if n >= 0 {
			sameAsLibrary(t, z, raw[:dict], gap, n, src)
		}
	}
}

func FuzzInflate(f *testing.F) {
	f.Add([]byte("abcabc"), 3, 36, deflated([]byte("abcabcabcabcabcabcabcabcabcabcabcabc"), nil))
	f.Add([]byte{}, 0, 0, []byte{3, 0})
	f.Add([]byte{}, 0, 5, []byte{1, 5, 0, 0xFA, 0xFF, 1, 2, 3, 4, 5})
	z := &inflater{}
	f.Fuzz(func(t *testing.T, dict []byte, gap, n int, src []byte) {
		const most = 1 << 16
		if gap < 0 || n < 0 || gap > most || n > most || len(dict) > 1<<15 {
			return
		}
		sameAsLibrary(t, z, dict, gap, n, src)
	})
}
