package binaryjson

import (
	"strings"
	"testing"
)

// BenchmarkCompact: a log line without gaps, with the gaps of most JSON writers, and pretty-printed.
func BenchmarkCompact(b *testing.B) {
	line := `{"@timestamp":"2017-09-10T21:01:58.836Z","remote":"10.0.0.1","method":"GET","path":"/a/b/c.html?x=1&y=2","code":200,` +
		`"size":18234,"referer":"https://example.com/","agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)",` +
		`"request_time":0.123,"geo":{"lat":35.68,"lon":139.76},"tags":["a","b","c"],"message":"` + strings.Repeat("lorem ipsum ", 16) + `"}`
	spaced := strings.NewReplacer(`":`, `": `, `,"`, `, "`).Replace(line)
	pretty := strings.NewReplacer(`":`, `" : `, `,"`, ",\n    \"").Replace(line)
	for name, src := range map[string]string{"no gaps": strings.ReplaceAll(strings.ReplaceAll(line, " ", "_"), "/", "_"), "no gaps to remove": line, "spaced": spaced, "pretty": pretty} {
		b.Run(name, func(b *testing.B) {
			in := []byte(src)
			out := make([]byte, 0, len(in))
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if out, err = Compact(out[:0], in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
