// Command bench measures how fast documents are read out of snapshots, beside Lucene's own readers and a scroll, on the
// same files in the same run, and writes docs/benchmarks.md.
//
//	go run ./bench                         everything; the first run makes the data with lab nodes
//	go run ./bench -cases 50,87 -sizes 600 some formats, one size
//	go run ./bench -scroll=false -out ""   no live node; the report goes to standard output
//
// Reading order: cases.go (what is measured), data.go (on what), child.go (hikkoshi's part), java.go and Loop.java
// (Lucene's), scroll.go, report.go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// config is what the flags say.
type config struct {
	cases   []benchCase
	sizes   []int
	source  int64 // bytes of source per index
	repeat  int
	scroll  bool
	java    bool
	profile bool
	cache   string
	results string
	big     int64
	out     string
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == childArgument {
		if err := child(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, "bench child:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	config, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = run(ctx, config)
	}
	if err != nil {
		stop()
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parse(args []string) (config, error) {
	var c config
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	names := flags.String("cases", "", "only cases whose name contains one of these, separated by commas")
	sizes := flags.String("sizes", "200,600,2400,100000", "bytes per document")
	source := flags.Int64("source", 16, "MB of source per case and size")
	flags.IntVar(&c.repeat, "repeat", 3, "measurements of each; the median counts")
	flags.BoolVar(&c.scroll, "scroll", true, "also scroll through a live node")
	flags.BoolVar(&c.java, "java", true, "also read with Lucene")
	flags.BoolVar(&c.profile, "profile", true, "also say where the time goes")
	flags.Int64Var(&c.big, "big", 0, "also export this many documents and tell the memory; 0 does without")
	flags.StringVar(&c.results, "results", "", "a file that keeps the measurements: cases that are in it are not measured again; two such files one after the other are one")
	flags.StringVar(&c.out, "out", filepath.Join("docs", "benchmarks.md"), "where the report goes; empty for standard output")
	if err := flags.Parse(args); err != nil {
		return c, err
	}
	for _, one := range cases {
		chosen := *names == ""
		for _, part := range strings.Split(*names, ",") {
			chosen = chosen || part != "" && strings.Contains(one.name, part)
		}
		if chosen {
			c.cases = append(c.cases, one)
		}
	}
	for _, text := range strings.Split(*sizes, ",") {
		size, err := strconv.Atoi(text)
		if err != nil || size < smallestDocument {
			return c, fmt.Errorf("size %q: give bytes, %d or more", text, smallestDocument)
		}
		c.sizes = append(c.sizes, size)
	}
	if len(c.cases) == 0 || c.repeat < 1 || *source < 1 {
		return c, errors.New("nothing to measure: see -help")
	}
	c.source = *source * 1e6
	folder, err := os.UserCacheDir()
	c.cache = filepath.Join(folder, "hikkoshi", "bench")
	return c, err
}

// run measures version by version, since the cases of one share a repository and a node.
func run(ctx context.Context, c config) error {
	results, err := loadResults(c)
	if err != nil {
		return err
	}
	var versions []string
	for _, one := range c.cases {
		if !slices.Contains(versions, one.version) {
			versions = append(versions, one.version)
		}
	}
	for _, version := range versions {
		if results.complete(version) {
			continue
		}
		data, err := prepare(ctx, c, version)
		if err != nil {
			return fmt.Errorf("data of %s: %w", version, err)
		}
		for _, one := range c.cases {
			if one.version != version || results.has(one, methodNull) {
				continue
			}
			if err := measure(ctx, c, data, one, results); err != nil {
				return fmt.Errorf("%s: %w", one.name, err)
			}
			if err := results.save(); err != nil {
				return err
			}
		}
		if c.scroll {
			if err := scrollAll(ctx, c, data, results); err != nil {
				return fmt.Errorf("scroll through %s: %w", version, err)
			}
			if err := results.save(); err != nil {
				return err
			}
		}
	}
	if c.big > 0 {
		if err := measureBig(ctx, c, results); err != nil {
			return err
		}
	}
	text := results.report(ctx)
	if c.out == "" {
		_, err := os.Stdout.WriteString(text)
		return err
	}
	return os.WriteFile(c.out, []byte(text), 0o644)
}

// measure runs everything but the scroll on the indices of one case.
func measure(ctx context.Context, c config, data dataset, one benchCase, results *results) error {
	var flats []flat
	for _, size := range c.sizes {
		index := one.index(size)
		say("%s: hikkoshi reads %s", one.name, index)
		for _, cores := range []int{1, 0} {
			methods := []string{methodNull, methodNDJSON}
			if cores == 1 {
				methods = append(methods, methodBare)
			}
			samples, err := runChild(ctx, data.repository(), index, cores, c.repeat, methods, "")
			if err != nil {
				return err
			}
			results.add(one, size, samples)
		}
		files, err := flatten(ctx, data, index)
		if err != nil {
			return err
		}
		flats = append(flats, flat{folder: files, size: size})
	}
	if c.java && one.jars != nil {
		say("%s: Lucene reads the same", one.name)
		samples, err := runJava(ctx, c, one, flats)
		if err != nil {
			return err
		}
		for _, s := range samples {
			results.add(one, s.Size, []sample{s})
		}
	}
	if c.profile {
		return results.profile(ctx, data.repository(), one, c.sizes[min(1, len(c.sizes)-1)])
	}
	return nil
}

// say tells progress on standard error.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
