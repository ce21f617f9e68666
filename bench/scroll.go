package main

// scroll.go answers: how fast do the same documents come out of a live node? One client, one scroll, pages of about a
// megabyte; the processor time is the node's. Next: report.go.

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/bench/rig"
)

const (
	scrollPage = 1 << 20 // bytes
	// scrollBytes is how much is scrolled through: some nodes need seconds for that.
	scrollBytes = 6_000_000
	maxPage     = 5000 // documents; the servers allow 10000
)

// scrollAll starts the node that wrote the data again and scrolls through each of its indices.
func scrollAll(ctx context.Context, c config, d dataset, results *results) error {
	say("%s: scrolling through a live node", d.version)
	node, err := d.start(ctx)
	if err != nil {
		return err
	}
	defer node.Stop(ctx)
	if _, err := rig.Call(ctx, http.MethodGet, node.URL()+"/_cluster/health?wait_for_status=yellow&timeout=60s", nil); err != nil {
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
	start, began := rig.ProcessCPU(pid), time.Now()
	page := max(1, min(maxPage, scrollPage/size))
	answer, err := rig.Call(ctx, http.MethodPost, node+"/"+index+"/_search?scroll=5m", rig.Object{"size": page, "sort": []string{"_doc"}})
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
		answer, err = rig.Call(ctx, http.MethodPost, node+"/_search/scroll?scroll=5m&scroll_id="+url.QueryEscape(id), nil)
	}
	s.Wall, s.CPU = time.Since(began).Seconds(), rig.ProcessCPU(pid)-start
	return s, err
}
