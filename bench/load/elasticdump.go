package main

// elasticdump.go answers: how does elasticdump move an index, tuned as its users tune it? Next: bare.go.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

const (
	elasticdumpVersion = "6.125.1"
	// dumpConcurrency is how many writes one process has under way.
	dumpConcurrency = 4
	// searchBody leaves out what the default asks for besides the source, and reads in the order of the files.
	searchBody = `{"query":{"match_all":{}},"sort":["_doc"],"_source":true}`
)

// installElasticdump gives the program, which npm puts into the cache once.
func installElasticdump(ctx context.Context, cache string) (string, error) {
	folder := filepath.Join(cache, "elasticdump-"+elasticdumpVersion)
	program := filepath.Join(folder, "node_modules", "elasticdump", "bin", "elasticdump")
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	say("installing elasticdump %s", elasticdumpVersion)
	out, err := exec.CommandContext(ctx, "npm", "install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts", "elasticdump@"+elasticdumpVersion).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("npm install elasticdump: %w: %.1000s", err, out)
	}
	return program, nil
}

func (a *arena) elasticdump(ctx context.Context, j job) (usage, error) {
	return a.dumpTo(ctx, a.target.URL(), j)
}

// dumpTo runs one process for each shard of the source.
func (a *arena) dumpTo(ctx context.Context, server string, j job) (usage, error) {
	program, err := installElasticdump(ctx, a.config.cache)
	if err != nil {
		return usage{}, err
	}
	processes := shards
	if j.data.name == "" {
		processes = 1
	}
	used, err := together(ctx, processes, func(ctx context.Context, number int) (usage, error) {
		args := []string{program, "--input=" + a.source.node.URL() + "/" + j.from, "--output=" + server + "/" + j.to, fmt.Sprintf("--limit=%d", j.page()),
			fmt.Sprintf("--concurrency=%d", dumpConcurrency), "--noRefresh", "--searchBody=" + searchBody}
		if processes > 1 {
			args = append(args, fmt.Sprintf(`--input-params={"preference":"_shards:%d"}`, number))
		}
		used, _, err := process(ctx, "node", args...)
		return used, err
	})
	used.Tuned = fmt.Sprintf("%d processes, one a shard; --limit=%d --concurrency=%d --noRefresh, sorted by _doc", processes, j.page(), dumpConcurrency)
	return used, err
}

// dumpFile runs elasticdump from a file of its own form to a server.
func dumpFile(ctx context.Context, cache, file, server, index string, page int) (usage, error) {
	program, err := installElasticdump(ctx, cache)
	if err != nil {
		return usage{}, err
	}
	began := time.Now()
	used, _, err := process(ctx, "node", program, "--input="+file, "--output="+server+"/"+index, fmt.Sprintf("--limit=%d", page), fmt.Sprintf("--concurrency=%d", dumpConcurrency), "--noRefresh")
	used.Wall = time.Since(began).Seconds()
	return used, err
}

// writeDump turns a folder of bodies of _bulk into a file as elasticdump writes it, one after the other: this process
// stays small, since what it holds counts as its children's when they begin.
func writeDump(folder, path string) error {
	names, err := bodyNames(folder)
	if err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	for _, name := range names {
		body, err := os.ReadFile(name)
		if err == nil {
			body, err = dumpLines(body)
		}
		if err == nil {
			_, err = file.Write(body)
		}
		if err != nil {
			return errors.Join(err, file.Close())
		}
	}
	return file.Close()
}

// dumpLines makes {"_index":...,"_id":"...","_source":{...}} of {"index":{"_index":...,"_id":"..."}} and the source behind it.
func dumpLines(body []byte) ([]byte, error) {
	out := make([]byte, 0, len(body)+len(body)/10)
	for len(body) > 0 {
		action, rest, _ := bytes.Cut(body, []byte("\n"))
		source, after, found := bytes.Cut(rest, []byte("\n"))
		inner := bytes.TrimSuffix(bytes.TrimPrefix(action, []byte(`{"index":`)), []byte("}}"))
		if !found || len(inner) == len(action) {
			return nil, fmt.Errorf("no action of _bulk: %.200s", action)
		}
		out = append(append(append(append(out, inner...), `,"_source":`...), source...), "}\n"...)
		body = after
	}
	return out, nil
}
