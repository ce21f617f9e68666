package cutover

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// seeds are the configurations of the golden cases of one kind.
func seeds(f *testing.F, kind string) {
	paths, err := filepath.Glob(filepath.Join("testdata", kind, "*.txtar"))
	if err != nil || len(paths) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			if strings.HasPrefix(file.Name, "in/") {
				f.Add(string(file.Data))
				f.Add(windowsLines(string(file.Data)))
			}
		}
	}
}

// checkTiles says whether a draft is its text, byte for byte, with the right line numbers.
func checkTiles(t *testing.T, d *draft, text string) {
	t.Helper()
	if printed := d.String(); printed != text {
		t.Fatalf("printed %q, read %q", printed, text)
	}
	at := 0
	for i, token := range d.tokens {
		if want := 1 + countLines(text[:at]); token.line != want {
			t.Fatalf("token %d %q is said to stand on line %d, not %d", i, token.text, token.line, want)
		}
		at += len(token.text)
	}
}

func FuzzFluentdIsPrintedAsItWasRead(f *testing.F) {
	seeds(f, "fluentd")
	for _, text := range []string{"", "\ufeff<match a>\n</match>\n", "a", "a \"", "a '", "a [", "a {\"#{", "a \"#{'}'}\"", "<a>\r</a>", "a b\r\nc", "<include x/>", "</a>", "< >", "\"k k\" v", "@include", "a \"\\"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, err := parseFluentd("f", text)
		if err != nil {
			return
		}
		checkTiles(t, file.draft, text)
		// Every value can be replaced by itself, quoted anew, and means the same when it is read back.
		var want []string
		file.parameters(func(p parameter) {
			if p.value.token < 0 || p.value.dynamic || p.value.quoting == jsonValue {
				return
			}
			want = append(want, p.value.text)
			if err := p.draft.replace(p.value.token, quoteFluentd(p.value.text, doubleQuoted)); err != nil {
				t.Fatal(err)
			}
		})
		again, err := parseFluentd("f", file.draft.String())
		if err != nil {
			t.Fatalf("what was written can't be read: %v\n%s", err, file.draft.String())
		}
		var got []string
		again.parameters(func(p parameter) {
			if p.value.token < 0 || p.value.dynamic || p.value.quoting == jsonValue {
				return
			}
			got = append(got, p.value.text)
		})
		if strings.Join(got, "\x00") != strings.Join(want, "\x00") {
			t.Fatalf("wrote %q, read %q", want, got)
		}
	})
}

func TestAFluentdConfigurationCutAnywhereIsReadOrRefusedWithoutPanic(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("testdata", "fluentd", "odd-syntax.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(data[strings.Index(string(data), "<system>"):])
	for end := range len(text) {
		if file, err := parseFluentd("f", text[:end]); err == nil {
			checkTiles(t, file.draft, text[:end])
		}
	}
}

func FuzzRsyslogIsPrintedAsItWasRead(f *testing.F) {
	seeds(f, "rsyslog")
	for _, text := range []string{"", "$", "$a\\\n", "/*", "action(", "action(a", "action(a=", "action(a=[", "action(a=`", "action(a=\"\\", "ruleset(a=b){{}}}", "x'\"(", "# a", ":omelasticsearch:"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, err := parseRsyslog("f", text)
		if err != nil {
			return
		}
		checkTiles(t, file.draft, text)
		var want, got []string
		for _, object := range file.objects {
			for _, p := range object.parameters {
				for _, v := range p.values {
					if !v.dynamic {
						want = append(want, v.text)
						if err := file.draft.replace(v.token, quoteRsyslog(v.text)); err != nil {
							t.Fatal(err)
						}
					}
				}
			}
		}
		again, err := parseRsyslog("f", file.draft.String())
		if err != nil {
			t.Fatalf("what was written can't be read: %v", err)
		}
		for _, object := range again.objects {
			for _, p := range object.parameters {
				for _, v := range p.values {
					if !v.dynamic {
						got = append(got, v.text)
					}
				}
			}
		}
		if strings.Join(got, "\x00") != strings.Join(want, "\x00") {
			t.Fatalf("wrote %q, read %q", want, got)
		}
	})
}

func FuzzFluentBitIsPrintedAsItWasRead(f *testing.F) {
	seeds(f, "fluentbit")
	for _, text := range []string{"", "[A", "[a]\n k v", "[a]\nk", "@", "@INCLUDE a", "x", "[a]\r\n k  v  \r\n\r"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if d, _, _, err := parseBitClassic("f", text); err == nil {
			checkTiles(t, d, text)
		}
		if d, sections, _, err := parseBitYAML("f", text); err == nil {
			checkTiles(t, d, text)
			for _, s := range (&bitTree{sections: sections}).named("output") {
				for _, e := range s.entries {
					if written := d.tokens[e.value].text; written != e.text && written[0] != '"' && written[0] != '\'' {
						t.Fatalf("%q stands where %q was read", written, e.text)
					}
				}
			}
		}
	})
}

func FuzzLogstashIsPrintedAsItWasRead(f *testing.F) {
	seeds(f, "logstash")
	for _, text := range []string{"", "output", "output{", "output{a{", "output{a{b", "output{a{b=>", "output{a{b=>[", "output{a{b=>{\"", "output{if x=~/", "}", "output{a{b=>c{d=>1}}}", "output{a{'b'=>\"\\"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if d, _, err := parseLogstash("f", text); err == nil {
			checkTiles(t, d, text)
		}
	})
}
