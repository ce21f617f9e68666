package main

// scroll.go answers: how fast do the same documents come out of a live node? One client, one scroll, pages of about a
// megabyte; the processor time is the node's. Next: report.go.

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

const (
	scrollPage = 1 << 20 // bytes
	// scrollBytes is how much is scrolled through: some nodes need seconds for that.
	scrollBytes = 6_000_000
	maxPage     = 5000 // documents; the servers allow 10000
	// ticksPerSecond is how Linux counts processor time in /proc: the same on every architecture.
	ticksPerSecond = 100
)

// scrollAll starts the node that wrote the data again and scrolls through each of its indices.
func scrollAll(ctx context.Context, c config, d dataset, results *results) error {
	say("%s: scrolling through a live node", d.version)
	node, err := d.start(ctx)
	if err != nil {
		return err
	}
	defer node.Stop(ctx)
	if _, err := call(ctx, http.MethodGet, node.URL()+"/_cluster/health?wait_for_status=yellow&timeout=60s", nil); err != nil {
		return err
	}
	for _, one := range c.cases {
		for _, size := range c.sizes {
			if one.version != d.version || results.has(one, methodScroll) {
				continue
			}
			// The first time warms the node up.
			for i := range 2 {
				s, err := scroll(ctx, node.URL(), node.PID(), one.index(size), size)
				if err != nil {
					return err
				}
				if i > 0 {
					results.add(one, size, []sample{s})
				}
			}
		}
	}
	return nil
}

func scroll(ctx context.Context, node string, pid int, index string, size int) (sample, error) {
	s := sample{Method: methodScroll, Cores: 0}
	start, began := processCPU(pid), time.Now()
	page := max(1, min(maxPage, scrollPage/size))
	answer, err := call(ctx, http.MethodPost, node+"/"+index+"/_search?scroll=5m", object{"size": page, "sort": []string{"_doc"}})
	for err == nil && s.Documents*int64(size) < scrollBytes {
		hits := gjson.GetBytes(answer, "hits.hits.#").Int()
		if hits == 0 {
			break
		}
		s.Documents += hits
		id := gjson.GetBytes(answer[:min(len(answer), 4096)], "_scroll_id").String()
		if id == "" {
			return s, fmt.Errorf("scroll through %s: no scroll id in %.100q", index, answer)
		}
		answer, err = call(ctx, http.MethodPost, node+"/_search/scroll?scroll=5m&scroll_id="+url.QueryEscape(id), nil)
	}
	s.Wall, s.CPU = time.Since(began).Seconds(), processCPU(pid)-start
	return s, err
}

// processCPU is the processor time of another process, in seconds; 0 where the system doesn't say.
func processCPU(pid int) float64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The name may hold blanks; the fields behind it don't. utime and stime are the 14th and 15th of all.
	fields := strings.Fields(string(raw)[strings.LastIndexByte(string(raw), ')')+1:])
	const user, system = 11, 12
	if len(fields) <= system {
		return 0
	}
	ticks := 0.0
	for _, field := range []string{fields[user], fields[system]} {
		n, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return 0
		}
		ticks += n
	}
	return ticks / ticksPerSecond
}
