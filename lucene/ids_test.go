package lucene

// ids_test.go answers: does a packed id become what the client had sent? Real ones of ten versions are in truth_test.go.

import "testing"

func TestPackedIDsBecomeWhatTheClientSent(t *testing.T) {
	t.Parallel()
	for packed, want := range map[string]string{
		"\xFE\x12\x34":             "1234",
		"\xFE\x00\x42":             "0042",
		"\xFE\x12\x3F":             "123",
		"\xFE\x0F":                 "0",
		"\xFF日本":                   "日本",
		"\xFFhas space":            "has space",
		"\xFD\xFE\xFF\xFE":         "_v_-",
		"\x00\x00\x00":             "AAAA",
		"\x69\xB7\x1D":             "abcd",
		"\x69":                     "aQ",
		"":                         "",
		"\xFF":                     "",
		"\xFF#with#type#separator": "#with#type#separator",
	} {
		if got := string(appendID(nil, []byte(packed))); got != want {
			t.Errorf("%x is %q, want %q", packed, got, want)
		}
	}
}

func TestAUIDIsSplitAtItsFirstSeparator(t *testing.T) {
	t.Parallel()
	for uid, want := range map[string][2]string{
		"logs#1":     {"logs", "1"},
		"logs#a#b#c": {"logs", "a#b#c"},
		"logs#":      {"logs", ""},
		"1":          {"", "1"},
	} {
		typ, id := cutUID([]byte(uid))
		if string(typ) != want[0] || string(id) != want[1] || id == nil {
			t.Errorf("%q is %q and %q", uid, typ, id)
		}
	}
}

func TestSourcesAreToldByTheirFirstBytes(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]SourceKind{
		"":                       SourceNone,
		"{}":                     SourceJSON,
		" \r\n\t{\"a\":1}":       SourceJSON,
		"\xEF\xBB\xBF{}":         SourceJSON,
		":)\n\x00\xFA\xFB":       SourceSMILE,
		"---\na: 1\n":            SourceYAML,
		"ZV\x00\x00\x02{}":       SourceLZF,
		"\xA1\x61a\x01":          SourceCBOR,
		"\xBF\xFF":               SourceCBOR,
		"\xD9\xD9\xF7\xA1\x61a1": SourceCBOR,
		"plain":                  SourceOther,
	} {
		if got := DetectSource([]byte(source)); got != want {
			t.Errorf("%q is %v, want %v", source, got, want)
		}
	}
}
