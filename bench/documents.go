package main

// documents.go answers: what do the documents look like? Events of a web server as fluentd ships them, brought to their size
// by more lines of its log: text that compresses as logs do. Next: data.go.

import (
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	smallestDocument = 180
	seed             = 2017
)

var (
	methods  = []string{"GET", "GET", "GET", "GET", "GET", "POST", "HEAD", "PUT"}
	statuses = []int{200, 200, 200, 200, 200, 304, 304, 301, 404, 500, 502}
	words    = []string{"api", "v1", "v2", "users", "orders", "cart", "items", "images", "static", "search", "login", "blog", "feed", "admin", "reports", "img", "css", "js", "health", "assets"}
	agents   = []string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/60.0.3112.113 Safari/537.36",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 10_3_3 like Mac OS X) AppleWebKit/603.3.8 (KHTML, like Gecko) Version/10.0 Mobile/14G60 Safari/602.1",
		"Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:55.0) Gecko/20100101 Firefox/55.0",
		"Googlebot/2.1 (+http://www.google.com/bot.html)", "curl/7.47.0",
	}
)

// documents makes sources of about a size, always the same ones.
type documents struct {
	r    *rand.Rand
	at   time.Time
	size int
	buf  []byte
}

func newDocuments(size int) *documents {
	return &documents{r: rand.New(rand.NewPCG(seed, uint64(size))), at: time.Date(2017, 9, 10, 0, 0, 0, 0, time.UTC), size: size}
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func (d *documents) path() string {
	text := ""
	for range 1 + d.r.IntN(3) {
		text += "/" + pick(d.r, words)
	}
	return fmt.Sprintf("%s/%d", text, d.r.IntN(100000))
}

func (d *documents) address() string {
	return fmt.Sprintf("10.%d.%d.%d", d.r.IntN(4), d.r.IntN(256), d.r.IntN(256))
}

// next gives a source, valid until the call after.
func (d *documents) next() []byte {
	d.at = d.at.Add(time.Duration(d.r.IntN(50)) * time.Millisecond)
	b := fmt.Appendf(d.buf[:0], `{"@timestamp":"%s","remote":"%s","method":"%s","path":"%s","code":%d,"size":%d,"request_time":%.3f`,
		d.at.Format("2006-01-02T15:04:05.000Z"), d.address(), pick(d.r, methods), d.path(), pick(d.r, statuses), d.r.IntN(200000), d.r.ExpFloat64()/10)
	const fixed = 12 // what follows when there is no message
	if left := d.size - len(b) - fixed; left > 2*smallestDocument {
		b = fmt.Appendf(b, `,"host":"web-%02d","agent":"%s"`, d.r.IntN(12), pick(d.r, agents))
	}
	b = append(b, `,"message":"`...)
	for len(b) < d.size-2 {
		line := fmt.Sprintf(`%s - - [%s] \"%s %s HTTP/1.1\" %d %d \"-\" \"%s\" rt=%.3f id=%016x\n`, d.address(), d.at.Format("02/Jan/2006:15:04:05 -0700"),
			pick(d.r, methods), d.path(), pick(d.r, statuses), d.r.IntN(200000), pick(d.r, agents), d.r.ExpFloat64()/10, d.r.Uint64())
		b = append(b, clipLine(line, d.size-2-len(b))...)
	}
	d.buf = append(b, `"}`...)
	return d.buf
}

// clipLine shortens a line without leaving half an escape behind.
func clipLine(line string, n int) string {
	if n >= len(line) {
		return line
	}
	if line[n-1] == '\\' {
		return line[:n-1] + " "
	}
	return line[:n]
}
