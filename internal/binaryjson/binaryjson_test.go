package binaryjson

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/recordings"
)

// forms is one table for every converter: the bytes in hex or as text, and the JSON they are.
var forms = []struct {
	name, hex, text, want string
}{
	{name: "smile with every small token", hex: "3a290a05 fa 8061 c2 8062 f8 20 21 22 23 c1 f9 8063 42616263 fb", want: `{"a":1,"b":["",null,false,true,-1],"c":"abc"}`},
	{name: "smile whose names are shared", hex: "3a290a01 f8 fa 8061 c0 fb fa 40 c2 fb f9", want: `[{"a":0},{"a":1}]`},
	{name: "smile with a shared value", hex: "3a290a03 f8 416162 01 f9", want: `["ab","ab"]`},
	{name: "smile with an end mark", hex: "3a290a00 c2 ff 00", want: `1`},
	{name: "smile big integer", hex: "3a290a00 f8 268d00635d107f5b0673703b4963782b12 268d7f1c226f0024790c0f44361c07542e 26817f01 f9", want: `[123456789012345678901234567890,-123456789012345678901234567890,-1]`},
	{name: "smile float", hex: "3a290a00 f8 28 03 7c 00 00 00 29 01400200000000000000 f9", want: `[1.0,-2.5]`},
	{name: "smile decimal 1.5", hex: "3a290a00 2a82810701", want: `1.5`},
	{name: "smile int of two bytes", hex: "3a290a00 241f90", want: `1000`},
	{name: "smile raw binary", hex: "3a290a04 fd 82 fbff", want: `"+/8="`},
	{name: "smile long text", hex: "3a290a00 e4 e697a5e69cac fc", want: `"日本"`},
	{name: "smile with half of a surrogate pair", hex: "3a290a00 81 eda080", want: `"\ud800"`},
	{name: "cbor map", hex: "a2 61 61 01 61 62 82 f5 f6", want: `{"a":1,"b":[true,null]}`},
	{name: "cbor tagged as cbor", hex: "d9d9f7 bf 61 61 20 ff", want: `{"a":-1}`},
	{name: "cbor halves", hex: "bf 6161 f93e00 6162 f97e00 6163 f90001 6164 f9fc00 ff", want: `{"a":1.5,"b":"NaN","c":5.9604645e-08,"d":"-Infinity"}`},
	{name: "cbor big numbers", hex: "a3 6161 c249010000000000000000 6162 c349010000000000000000 6163 3bffffffffffffffff", want: `{"a":18446744073709551616,"b":-18446744073709551617,"c":-18446744073709551616}`},
	{name: "cbor decimal fraction", hex: "a2 6161 c48221196ab3 6162 c4 82 02 20", want: `{"a":273.15,"b":-1E2}`},
	{name: "cbor text in parts", hex: "bf 7f 6161 6162 ff 5f 4101 4102 ff ff", want: `{"ab":"AQI="}`},
	{name: "cbor whole numbers stay apart from fractions", hex: "a2 6161 fb3ff0000000000000 6162 fa47c35000", want: `{"a":1.0,"b":100000.0}`},
	{name: "cbor numeric keys", hex: "a2 01 02 20 03", want: `{"1":2,"-1":3}`},
	{name: "yaml block", text: "---\na: 1\nb:\n- x\n- 'y'\n- 1.50\n- yes\n- true\n- ~\nc: |\n  l1\n  l2\n", want: `{"a":1,"b":["x","y",1.50,"yes",true,null],"c":"l1\nl2\n"}`},
	{name: "yaml numbers keep their digits", text: "---\nbig: 123456789012345678901234567890\nf: 1_000.5\ng: .5\nh: 0x1F\ni: '12'\nj: 1e5\n", want: `{"big":123456789012345678901234567890,"f":1000.5,"g":0.5,"h":"0x1F","i":"12","j":1e5}`},
	{name: "yaml aliases are their names", text: "---\na: &x {k: 1}\nb: *x\n", want: `{"a":{"k":1},"b":"x"}`},
	{name: "yaml without the mark", text: "a: 1\n", want: `{"a":1}`},
	{name: "yaml tags", text: "---\na: !!str 12\nb: !!int '12'\n", want: `{"a":"12","b":12}`},
	{name: "json with gaps", text: "\n{ \"a\" :\t[ 1 , 2.50 ] ,\r\n \"a\":\"x \\\" y\\\\\" }\n", want: `{"a":[1,2.50],"a":"x \" y\\"}`},
	{name: "json with comments", text: "{ /* one */ \"a\": 1, // two\n \"b//\": NaN }", want: `{"a":1,"b//":NaN}`},
	{name: "json without gaps", text: `{"a":1}`, want: `{"a":1}`},
	{name: "lzf stored", hex: "5a5600 0007 7b2261223a317d", want: `{"a":1}`},
	{name: "lzf compressed", hex: "5a5601 000c 000b 06 7b2261223a3131 20 00 00 7d", want: `{"a":11111}`},
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEveryFormBecomesTheJSONItIs(t *testing.T) {
	for _, f := range forms {
		src := []byte(f.text)
		if f.hex != "" {
			src = unhex(t, f.hex)
		}
		got, err := ToJSON([]byte("before "), src)
		if err != nil || string(got) != "before "+f.want {
			t.Errorf("%s: %s, %v, want %s", f.name, got, err, f.want)
		}
	}
}

func TestWhatClientsSentBecomesWhatTheClusterSaidItIs(t *testing.T) {
	for _, recording := range recordings.Folders(t) {
		t.Run(filepath.Base(recording), func(t *testing.T) {
			t.Parallel()
			kinds := map[Kind]int{}
			recordings.Documents(t, recording, func(line struct {
				ID, Source string
				Sent       []byte `json:"sent_b64"`
			}) {
				sent := line.Sent
				if sent == nil {
					return
				}
				kinds[Detect(sent)]++
				got, err := ToJSON(nil, sent)
				if err != nil {
					t.Fatal(line.ID, err)
				}
				want, err := Compact(nil, []byte(line.Source))
				if err != nil {
					t.Fatal(line.ID, err)
				}
				if Detect(sent) != JSON {
					got, want = canonical(t, got), canonical(t, want)
				}
				if !bytes.Equal(got, want) {
					t.Errorf("%s (%v):\n%s\nwant\n%s", line.ID, Detect(sent), got, want)
				}
			})
			if kinds[SMILE] == 0 || kinds[CBOR] == 0 || kinds[YAML] == 0 || kinds[JSON] == 0 {
				t.Fatalf("kinds seen %v", kinds)
			}
		})
	}
}

// canonical writes JSON again with one form of escapes; numbers keep their digits.
func canonical(t *testing.T, src []byte) []byte {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(src))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestErrorsLeaveTheDestinationAsItWas(t *testing.T) {
	for _, src := range []string{":)\n\x00\xfa", "\xbf\x61", "ZV\x01\x00", "{ \"a", "---\n\ta: b: c", "\x00"} {
		got, err := ToJSON([]byte("before"), []byte(src))
		if err == nil || string(got) != "before" {
			t.Errorf("%q: %q, %v", src, got, err)
		}
	}
}

func TestNestingIsCapped(t *testing.T) {
	for name, src := range map[string]string{
		"smile": ":)\n\x00" + strings.Repeat("\xf8", 5000),
		"cbor":  "\xa1\x61a" + strings.Repeat("\x81", 5000) + "\x00",
		"yaml":  "---\n" + strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"block": "---\n" + strings.Repeat("- ", 5000) + "a",
	} {
		if _, err := ToJSON(nil, []byte(src)); !errors.Is(err, ErrTooDeep) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEveryCutAndEveryFlippedByteIsAnErrorOrAnAnswer(t *testing.T) {
	for _, f := range forms {
		src := []byte(f.text)
		if f.hex != "" {
			src = unhex(t, f.hex)
		}
		for i := range src {
			convertAny(t, src[:i])
			for bit := range 8 {
				bad := bytes.Clone(src)
				bad[i] ^= 1 << bit
				convertAny(t, bad)
			}
		}
	}
}

func convertAny(t *testing.T, src []byte) {
	t.Helper()
	got, err := ToJSON([]byte("before"), src)
	if !bytes.HasPrefix(got, []byte("before")) || err != nil && len(got) != len("before") {
		t.Fatalf("% x: %q, %v", src, got, err)
	}
}
