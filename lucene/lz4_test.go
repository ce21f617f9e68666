package lucene

// lz4_test.go answers: does the fast LZ4 decoder decode as a plain one, and stay within its bounds?

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// plainLZ4 is the format's text turned into code, without any speed: the oracle. It returns -1 as lz4Decode does.
func plainLZ4(out []byte, start, end, dict int, src []byte) int {
	d, s := start, 0
	next := func() int {
		if s >= len(src) {
			return -1
		}
		s++
		return int(src[s-1])
	}
	length := func(n int) int {
		for more := n == 15; more; {
			b := next()
			if b < 0 {
				return -1
			}
			n += b
			more = b == 255
		}
		return n
	}
	for {
		token := next()
		if token < 0 {
			return -1
		}
		lit := length(token >> 4)
		if lit < 0 || lit > end-d {
			return -1
		}
		for range lit {
			b := next()
			if b < 0 {
				return -1
			}
			out[d] = byte(b)
			d++
		}
		if d == end {
			return s
		}
		low, high := next(), next()
		if high < 0 {
			return -1
		}
		dist := high<<8 | low
		n := length(token & 15)
		if n < 0 || dist == 0 || n+4 > end-d {
			return -1
		}
		for range n + 4 {
			from := d - dist
			if from < start {
				from -= start - dict
				if from < 0 {
					return -1
				}
			}
			out[d] = out[from]
			d++
		}
		if d == end {
			return s
		}
	}
}

// sameAsPlain decodes src with both decoders into out[start:end] behind a dictionary of dict bytes.
func sameAsPlain(t *testing.T, dictionary []byte, gap, n int, src []byte) {
	t.Helper()
	const canary = 0xC5
	start := len(dictionary) + gap
	fast := bytes.Repeat([]byte{canary}, start+n+lz4Slack+32)
	copy(fast, dictionary)
	plain := bytes.Clone(fast)
	// The slack belongs to the decoder, what is behind it does not.
	used := lz4Decode(fast[:start+n+lz4Slack], start, start+n, len(dictionary), bytes.Clone(src))
	want := plainLZ4(plain, start, start+n, len(dictionary), src)
	if used != want {
		t.Fatalf("used %d bytes, plain %d", used, want)
	}
	if want >= 0 && !bytes.Equal(fast[:start+n], plain[:start+n]) {
		t.Fatal("other bytes came out")
	}
	if !bytes.Equal(fast[:start], plain[:start]) || !bytes.Equal(fast[start+n+lz4Slack:], plain[start+n+lz4Slack:]) {
		t.Fatal("bytes outside of the output and its slack were touched")
	}
}

func TestLZ4DecodesAsThePlainDecoderDoes(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(11, 12))
	for range 20000 {
		// Data with short and long runs, near and far repeats.
		var raw []byte
		for n := r.IntN(400); len(raw) < n; {
			switch k := r.IntN(4); {
			case k == 0 && len(raw) > 0:
				from := r.IntN(len(raw))
				for i := range 4 + r.IntN(60) {
					raw = append(raw, raw[from+i])
				}
			case k == 1:
				raw = append(raw, bytes.Repeat([]byte{byte(r.IntN(4))}, r.IntN(600))...)
			default:
				for range r.IntN(40) {
					raw = append(raw, byte(r.IntN(256)))
				}
			}
		}
		dict := r.IntN(len(raw) + 1)
		src := lz4Compress(raw, dict)
		src = append(src, make([]byte, r.IntN(40))...) // what follows in the file
		switch r.IntN(3) {
		case 0:
			src = src[:r.IntN(len(src)+1)]
		case 1:
			for range 1 + r.IntN(3) {
				if len(src) > 0 {
					src[r.IntN(len(src))] ^= byte(1 << r.IntN(8))
				}
			}
		}
		sameAsPlain(t, raw[:dict], r.IntN(2)*r.IntN(50), len(raw)-dict, src)
	}
}

func FuzzLZ4(f *testing.F) {
	f.Add([]byte("abcabc"), 3, 100, lz4Compress([]byte("abcabcabcabcabcabcabcabcabcabcabcabc"), 0))
	f.Add([]byte{}, 0, 0, []byte{0})
	f.Fuzz(func(t *testing.T, dictionary []byte, gap, n int, src []byte) {
		const most = 1 << 16
		if gap < 0 || n < 0 || gap > most || n > most {
			return
		}
		sameAsPlain(t, dictionary, gap, n, src)
	})
}
