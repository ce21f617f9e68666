// Command fleet measures what sharing a load costs: ten thousand small units, and one shard of several GB, each sent to a
// _bulk that costs nothing, without a fleet, with the embedded one in one process, and with workers in processes of their own;
// what hundreds of workers ask of their leader; and how often an object store is asked. Out of it comes docs/scale.md.
//
//	go run ./bench/fleet -repository FOLDER,FOLDER        measures, and writes docs/scale.md and bench/fleet/measured.json
//	go run ./bench/fleet -report                          writes the page out of what was measured
//	go run ./bench/fleet -forecast -terabytes 30 -workers 50 -nodes 20 -node-rate 25
//	                                                      reckons a move out of what was measured, and measures nothing
//
// Read main.go (what is run), roles.go (the processes), feed.go (the documents), crowd.go (many workers), reads.go (object
// stores), measured.go (what is kept), forecast.go (what follows from it), page.go (the page).
package main

// main.go answers: what is measured, and in which order? Next: roles.go.

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/hikkoshi/hikkoshi/bench/rig"
	"github.com/hikkoshi/hikkoshi/internal/fleet"
)

// config is what the command line says.
type config struct {
	small, documents     int
	large                int64
	share, crowd         string
	queue                int
	repositories, parts  string
	results, out         string
	report, forecastOnly bool
	wanted               scenario
}

func main() {
	if part := os.Getenv(roleEnvironment); part != "" {
		if err := play(part); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, parse()); err != nil {
		fmt.Fprintln(os.Stderr, "bench/fleet:", err)
		os.Exit(1)
	}
}

func parse() config {
	var c config
	flag.IntVar(&c.small, "small", 10_000, "small units")
	flag.IntVar(&c.documents, "documents", 20, "documents in a small unit")
	flag.Int64Var(&c.large, "large", 4, "GB of documents in the large shard")
	flag.StringVar(&c.share, "share", "1,2,4", "how many worker processes share the large shard")
	flag.StringVar(&c.crowd, "crowd", "50,200,800", "how many workers at once ask the leader for work, sending nothing")
	flag.IntVar(&c.queue, "queue", 100_000, "units that are put in to see what the leader's memory and disk cost each")
	flag.StringVar(&c.repositories, "repository", "", "folders of repositories whose reading is counted, such as go run ./bench/load leaves; empty keeps what -results has")
	flag.StringVar(&c.parts, "parts", "small,large,queue,crowd,reads", "what to measure; the rest stays as -results has it")
	flag.StringVar(&c.results, "results", filepath.Join("bench", "fleet", "measured.json"), "the file that keeps what was measured")
	flag.StringVar(&c.out, "out", filepath.Join("docs", "scale.md"), "where the page goes; empty writes none")
	flag.BoolVar(&c.report, "report", false, "write the page out of -results and measure nothing")
	flag.BoolVar(&c.forecastOnly, "forecast", false, "reckon a move out of -results and measure nothing")
	c.wanted.flags()
	flag.Parse()
	return c
}

func run(ctx context.Context, c config) error {
	measured, err := readMeasured(c.results)
	if err != nil && (c.report || c.forecastOnly || !errors.Is(err, os.ErrNotExist)) {
		return err
	}
	if c.forecastOnly {
		fmt.Print(c.wanted.table(measured))
		return nil
	}
	if !c.report {
		if err := measure(ctx, c, measured); err != nil {
			return err
		}
		if err := measured.write(c.results); err != nil {
			return err
		}
	}
	if c.out == "" {
		return nil
	}
	return writePage(c.out, c.wanted, measured)
}

// measure runs everything and prints it.
func measure(ctx context.Context, c config, m *measured) error {
	work, err := os.MkdirTemp("", "hikkoshi-fleet-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	m.Machine, m.Date, m.LoadBefore, m.Command = rig.Machine(ctx), time.Now().UTC().Format("2 January 2006"), rig.LoadAverage(), c.command()
	target, err := startPart(ctx, part{Role: roleTarget})
	if err != nil {
		return err
	}
	defer target.stop()
	address, err := target.line()
	if err != nil {
		return err
	}
	if m.SyncMilliseconds, err = measureDisk(work); err != nil {
		return err
	}
	// The queue comes first: what it holds in memory is told apart from nothing else.
	if c.wants("queue") {
		if m.Queue, err = measureQueue(ctx, c, filepath.Join(work, "queue")); err != nil {
			return fmt.Errorf("the queue: %w", err)
		}
	}
	if c.wants("small") {
		if err := measureSmall(ctx, c, filepath.Join(work, "small"), address, m); err != nil {
			return fmt.Errorf("small units: %w", err)
		}
	}
	if c.wants("large") {
		if err := measureLarge(ctx, c, filepath.Join(work, "large"), address, m); err != nil {
			return fmt.Errorf("the large shard: %w", err)
		}
	}
	if c.wants("crowd") {
		m.Crowds = nil
		for _, workers := range numbers(c.crowd) {
			crowd, err := measureCrowd(ctx, filepath.Join(work, "crowd"), workers)
			if err != nil {
				return fmt.Errorf("%d workers: %w", workers, err)
			}
			say("%+v", crowd)
			m.Crowds = append(m.Crowds, crowd)
		}
	}
	if c.wants("reads") && c.repositories != "" {
		m.Reads = nil
		for folder := range strings.SplitSeq(c.repositories, ",") {
			reads, err := measureReads(ctx, folder)
			if err != nil {
				return fmt.Errorf("%s: %w", folder, err)
			}
			say("%+v", reads)
			m.Reads = append(m.Reads, reads)
		}
	}
	m.LoadAfter = rig.LoadAverage()
	return nil
}

// wants says whether a part is asked for.
func (c config) wants(part string) bool { return strings.Contains(","+c.parts+",", ","+part+",") }

// command is what to type for the same run.
func (c config) command() string {
	return fmt.Sprintf("go run ./bench/fleet -small %d -documents %d -large %d -share %s -crowd %s -queue %d -repository FOLDERS", c.small, c.documents, c.large, c.share, c.crowd, c.queue)
}

// numbers reads a list; what is no number is left out.
func numbers(text string) (list []int) {
	for one := range strings.SplitSeq(text, ",") {
		var number int
		if _, err := fmt.Sscan(one, &number); err == nil {
			list = append(list, number)
		}
	}
	return list
}

// say tells progress on standard error.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// measureDisk tells what one synced write costs here, since the embedded server makes one for each value.
func measureDisk(folder string) (milliseconds float64, err error) {
	const writes = 500
	file, err := os.Create(filepath.Join(folder, "synced"))
	if err != nil {
		return 0, err
	}
	began := time.Now()
	for range writes {
		if _, err := file.Write(make([]byte, 512)); err != nil {
			return 0, err
		}
		if err := file.Sync(); err != nil {
			return 0, err
		}
	}
	return 1e3 * (time.Since(began) / writes).Seconds(), file.Close()
}

// measureSmall compares ten thousand small units without and with a fleet.
func measureSmall(ctx context.Context, c config, folder, address string, m *measured) error {
	units := make([]piece, c.small)
	for i := range units {
		units[i] = piece{Number: i, Documents: int64(c.documents), Size: smallSize}
	}
	m.Small = shared{Units: c.small, Documents: c.documents, Size: smallSize}
	return m.Small.compare(ctx, folder, units, address, []int{2})
}

// measureLarge shares one shard of several GB, cut as the load cuts it.
func measureLarge(ctx context.Context, c config, folder, address string, m *measured) error {
	const size = 10 << 10
	var units []piece
	for at := int64(0); at < c.large<<30; at += unitBytes {
		units = append(units, piece{Number: len(units), Documents: unitBytes / size, Size: size})
	}
	m.Large = shared{Units: len(units), Documents: unitBytes / size, Size: size}
	return m.Large.compare(ctx, folder, units, address, numbers(c.share))
}

// compare sends the units without a fleet, with one in this process, and with some worker processes.
func (s *shared) compare(ctx context.Context, folder string, units []piece, address string, workers []int) error {
	say("%d units of %d documents of %d bytes", s.Units, s.Documents, s.Size)
	alone, err := withoutFleet(ctx, units, address)
	if err != nil {
		return err
	}
	s.add("without a fleet", alone)
	for _, count := range append([]int{0}, workers...) {
		name := fmt.Sprintf("embedded, %d worker processes", count)
		if count == 0 {
			name = "embedded, this process works"
		}
		run, err := withFleet(ctx, fmt.Sprint(folder, count), units, address, count)
		if err != nil {
			return err
		}
		s.add(name, run)
	}
	return nil
}

// measureQueue puts many units in and takes each with one commit, without any document: what the leader's machine must hold.
func measureQueue(ctx context.Context, c config, folder string) (queue, error) {
	measured := queue{Units: c.queue}
	before := heap()
	opened, err := fleet.Open(ctx, fleet.Options{Name: "bench", Folder: folder})
	if err != nil {
		return measured, err
	}
	defer opened.Close()
	units := make([]piece, c.queue)
	for i := range units {
		units[i] = piece{Number: i}
	}
	job, err := opened.Lead(ctx, "bench", nil)
	if err != nil {
		return measured, err
	}
	messages := opened.Messages()
	began := time.Now()
	if err := put(ctx, job, units); err != nil {
		return measured, err
	}
	each := float64(c.queue)
	measured.PutPerSecond = each / time.Since(began).Seconds()
	began = time.Now()
	done, cancel := context.WithCancel(ctx)
	defer cancel()
	for range 4 * runtime.GOMAXPROCS(0) {
		go commitAll(done, job)
	}
	if err := job.Gather(ctx, func(fleet.News) error { return nil }); err != nil {
		return measured, err
	}
	measured.CommitPerSecond = each / time.Since(began).Seconds()
	size, err := folderSize(folder)
	measured.Disk, measured.Heap, measured.Messages = float64(size)/each, float64(heap()-before)/each, float64(opened.Messages()-messages)/each
	say("%+v", measured)
	return measured, err
}

func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

func folderSize(folder string) (sum int64, err error) {
	err = filepath.Walk(folder, func(_ string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			sum += info.Size()
		}
		return err
	})
	return sum, err
}
