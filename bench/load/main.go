// Command load measures how fast documents get from an old cluster into a newer one, by hikkoshi and by others, on the
// same data in the same run, and writes docs/benchmarks-load.md with its plot.
//
//	go run ./bench/load                                     a try: 20,000 events of nginx, 2,000 nested documents of 10 kB
//	go run ./bench/load -documents 1000000 -results FILE    the full run; called again, it goes on where it was stopped
//	go run ./bench/load -results FILE -report               the report alone, out of what was measured
//
// Reading order: documents.go (what is moved), data.go (how the source gets it), contestants.go (who moves it) with
// backfill.go, native.go, elasticdump.go and bare.go, measure.go (what is measured of each), whole.go (the program itself),
// mock.go and client.go (what the client alone costs), odd.go and fidelity.go (what arrives), results.go,
// summary.go, report.go, verdict.go, plot.go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
)

// config is what the flags say.
type config struct {
	pairs       []pair
	documents   int64
	nested      int64
	contestants string
	repeat      int
	peerRounds  int
	heap        string
	parts       string
	results     string
	profile     string
	out         string
	cache       string
	reportOnly  bool
}

// pair is one move.
type pair struct{ source, target string }

// String is the pair's name in results and flags.
func (p pair) String() string { return p.source + "-" + p.target }

// The parts of a run.
const (
	partLoad     = "load"
	partClient   = "client"
	partFidelity = "fidelity"
	partWhole    = "whole"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := dispatch(ctx, os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		stop()
		fmt.Fprintln(os.Stderr, "bench/load:", err)
		os.Exit(1)
	}
}

// dispatch runs the bench, or one of the processes that it starts of itself.
func dispatch(ctx context.Context, args []string) error {
	if len(args) > 1 {
		switch args[0] {
		case backfillArgument:
			return backfillChild(ctx, args[1])
		case bareArgument:
			return bareChild(ctx, args[1])
		case mockArgument:
			return mockChild(ctx, args[1])
		}
	}
	c, err := parse(args)
	if err != nil {
		return err
	}
	return run(ctx, c)
}

func parse(args []string) (config, error) {
	var c config
	flags := flag.NewFlagSet("bench/load", flag.ContinueOnError)
	pairs := flags.String("pairs", "2.3.2-5.5.2,5.5.2-os2.19.3", "moves, SOURCE-TARGET by the lab's names")
	flags.Int64Var(&c.documents, "documents", 20_000, "events of nginx")
	flags.Int64Var(&c.nested, "nested", -1, "nested documents of 10 kB; -1 is a tenth of -documents")
	flags.StringVar(&c.contestants, "contestants", "", "only those whose name contains one of these, separated by commas")
	flags.IntVar(&c.repeat, "repeat", 3, "measurements of each; the median counts")
	flags.IntVar(&c.peerRounds, "peer-rounds", 0, "measurements of elasticdump and _reindex, which take the most time; 0 is as many as -repeat")
	flags.StringVar(&c.heap, "heap", "1g", "heap of every node")
	flags.StringVar(&c.parts, "parts", strings.Join([]string{partLoad, partClient, partFidelity, partWhole}, ","), "what to measure")
	flags.StringVar(&c.results, "results", "", "a file that keeps the measurements: what is in it is not measured again")
	flags.StringVar(&c.profile, "profile", "", "a folder for profiles of hikkoshi's processor time")
	flags.StringVar(&c.out, "out", filepath.Join("docs", "benchmarks-load.md"), "where the report goes, with its plot beside it; empty for standard output")
	flags.BoolVar(&c.reportOnly, "report", false, "write the report out of -results and measure nothing")
	if err := flags.Parse(args); err != nil {
		return c, err
	}
	for _, text := range strings.Split(*pairs, ",") {
		source, target, ok := strings.Cut(text, "-")
		if !ok {
			return c, fmt.Errorf("-pairs: %q is not SOURCE-TARGET", text)
		}
		c.pairs = append(c.pairs, pair{source, target})
	}
	if c.nested < 0 {
		c.nested = c.documents / 10
	}
	if c.documents < 0 || c.repeat < 1 {
		return c, errors.New("nothing to measure: see -help")
	}
	folder, err := os.UserCacheDir()
	c.cache = filepath.Join(folder, "hikkoshi", "bench-load")
	return c, err
}

// wants says whether a part of the run is asked for.
func (c config) wants(part string) bool { return strings.Contains(","+c.parts+",", ","+part+",") }

func run(ctx context.Context, c config) error {
	results, err := loadResults(ctx, c)
	if err != nil {
		return err
	}
	if !c.reportOnly {
		for _, p := range c.pairs {
			if err := runPair(ctx, c, p, results); err != nil {
				return fmt.Errorf("%s: %w", p, err)
			}
		}
	}
	text := results.report()
	if c.out == "" {
		_, err := os.Stdout.WriteString(text)
		return err
	}
	if err := os.WriteFile(strings.TrimSuffix(c.out, ".md")+".svg", results.plot(), 0o644); err != nil {
		return err
	}
	return os.WriteFile(c.out, []byte(text), 0o644)
}

// runPair makes one move by everybody.
func runPair(ctx context.Context, c config, p pair, results *results) error {
	if results.complete(c, p) {
		return nil
	}
	old, err := openSource(ctx, c, p.source)
	if err != nil {
		return fmt.Errorf("the source: %w", err)
	}
	defer old.node.Stop(context.WithoutCancel(ctx))
	results.keepSnapshots(p, old)
	arena, err := openArena(ctx, c, p, old)
	if err != nil {
		return fmt.Errorf("the target: %w", err)
	}
	defer arena.close(context.WithoutCancel(ctx))
	if c.wants(partClient) {
		if err := arena.measureClients(ctx, results); err != nil {
			return fmt.Errorf("the client alone: %w", err)
		}
	}
	if c.wants(partFidelity) {
		if err := arena.measureFidelity(ctx, results); err != nil {
			return fmt.Errorf("fidelity: %w", err)
		}
	}
	if c.wants(partLoad) {
		if err := arena.measureLoads(ctx, results); err != nil {
			return fmt.Errorf("the load: %w", err)
		}
	}
	if c.wants(partWhole) {
		return arena.measureWhole(ctx, results)
	}
	return nil
}

// say tells progress on standard error.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
