// Command fleet measures what sharing a load costs: ten thousand small units, and one shard of several GB, each sent to a
// _bulk that costs nothing, without a fleet, with the embedded one in one process, and with workers in processes of their own.
//
//	go run ./bench/fleet
//
// Read main.go (what is run), roles.go (the processes), feed.go (the documents).
package main

// main.go answers: what is measured, and in which order? Next: roles.go.

import (
	"context"
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
	small, documents int
	large            int64
	workers          string
	queue            int
}

func main() {
	if part := os.Getenv(roleEnvironment); part != "" {
		if err := play(part); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	var c config
	flag.IntVar(&c.small, "small", 10_000, "small units")
	flag.IntVar(&c.documents, "documents", 20, "documents in a small unit")
	flag.Int64Var(&c.large, "large", 4, "GB of documents in the large shard")
	flag.StringVar(&c.workers, "workers", "1,2,4", "how many worker processes share the large shard")
	flag.IntVar(&c.queue, "queue", 100_000, "units that are put in to see what the leader's memory and disk cost each")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := measure(ctx, c); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// measure runs everything and prints a table.
func measure(ctx context.Context, c config) error {
	work, err := os.MkdirTemp("", "hikkoshi-fleet-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	for _, line := range rig.Machine(ctx) {
		fmt.Println(line)
	}
	fmt.Printf("load averages before: %s\n\n", rig.LoadAverage())
	target, err := startPart(ctx, part{Role: roleTarget})
	if err != nil {
		return err
	}
	defer target.stop()
	address, err := target.line()
	if err != nil {
		return err
	}
	if err := measureDisk(work); err != nil {
		return err
	}
	if err := measureSmall(ctx, c, filepath.Join(work, "small"), address); err != nil {
		return fmt.Errorf("small units: %w", err)
	}
	if err := measureLarge(ctx, c, filepath.Join(work, "large"), address); err != nil {
		return fmt.Errorf("the large shard: %w", err)
	}
	if err := measureQueue(ctx, c, filepath.Join(work, "queue")); err != nil {
		return fmt.Errorf("the queue: %w", err)
	}
	fmt.Printf("\nload averages after: %s\n", rig.LoadAverage())
	return nil
}

// measureDisk tells what one synced write costs here, since the embedded server makes one for each value.
func measureDisk(folder string) error {
	const writes = 500
	file, err := os.Create(filepath.Join(folder, "synced"))
	if err != nil {
		return err
	}
	began := time.Now()
	for range writes {
		if _, err := file.Write(make([]byte, 512)); err != nil {
			return err
		}
		if err := file.Sync(); err != nil {
			return err
		}
	}
	fmt.Printf("disk: %s for 512 bytes written and synced\n\n", (time.Since(began) / writes).Round(time.Microsecond))
	return file.Close()
}

// measureSmall compares ten thousand small units without and with a fleet.
func measureSmall(ctx context.Context, c config, folder, address string) error {
	units := make([]piece, c.small)
	for i := range units {
		units[i] = piece{Number: i, Documents: int64(c.documents), Size: smallSize}
	}
	fmt.Printf("%d units of %d documents of %d bytes\n", c.small, c.documents, smallSize)
	alone, err := withoutFleet(ctx, units, address)
	if err != nil {
		return err
	}
	report("without a fleet", alone, nil, c.small)
	shared, err := withFleet(ctx, folder+"-embedded", units, address, 0)
	if err != nil {
		return err
	}
	report("embedded, this process works", shared, &alone, c.small)
	spread, err := withFleet(ctx, folder+"-workers", units, address, 2)
	if err != nil {
		return err
	}
	report("embedded, 2 worker processes", spread, &alone, c.small)
	return nil
}

// measureLarge shares one shard of several GB, cut as the load cuts it.
func measureLarge(ctx context.Context, c config, folder, address string) error {
	const unitBytes, size = 32 << 20, 10 << 10
	total := c.large << 30
	var units []piece
	for at := int64(0); at < total; at += unitBytes {
		units = append(units, piece{Number: len(units), Documents: unitBytes / size, Size: size})
	}
	fmt.Printf("\none shard of %d GB of documents of %d bytes, cut into %d units\n", c.large, size, len(units))
	alone, err := withoutFleet(ctx, units, address)
	if err != nil {
		return err
	}
	report("without a fleet", alone, nil, len(units))
	shared, err := withFleet(ctx, folder, units, address, 0)
	if err != nil {
		return err
	}
	report("embedded, this process works", shared, &alone, len(units))
	for text := range strings.SplitSeq(c.workers, ",") {
		var workers int
		if _, err := fmt.Sscan(text, &workers); err != nil {
			return fmt.Errorf("-workers %s: %w", c.workers, err)
		}
		spread, err := withFleet(ctx, folder+"-"+text, units, address, workers)
		if err != nil {
			return err
		}
		report(fmt.Sprintf("embedded, %d worker processes", workers), spread, &alone, len(units))
	}
	return nil
}

// measureQueue puts many units in and takes each with one commit, without any document: what the leader's machine must hold.
func measureQueue(ctx context.Context, c config, folder string) error {
	before := heap()
	opened, err := fleet.Open(ctx, fleet.Options{Name: "bench", Folder: folder})
	if err != nil {
		return err
	}
	defer opened.Close()
	units := make([]piece, c.queue)
	for i := range units {
		units[i] = piece{Number: i}
	}
	job, err := opened.Lead(ctx, "bench", nil)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := put(ctx, job, units); err != nil {
		return err
	}
	filled := time.Since(began)
	began = time.Now()
	done, cancel := context.WithCancel(ctx)
	defer cancel()
	for range 4 * runtime.GOMAXPROCS(0) {
		go commitAll(done, job)
	}
	if err := job.Gather(ctx, func(fleet.News) error { return nil }); err != nil {
		return err
	}
	taken := time.Since(began)
	size, err := folderSize(folder)
	if err != nil {
		return err
	}
	fmt.Printf("\n%d empty units: put in at %.0f a second, taken and committed at %.0f a second (two synced writes each); afterwards %.0f bytes on disk and %.0f bytes of heap each\n",
		c.queue, float64(c.queue)/filled.Seconds(), float64(c.queue)/taken.Seconds(), float64(size)/float64(c.queue), float64(heap()-before)/float64(c.queue))
	return nil
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

// run is one measurement.
type run struct {
	took  time.Duration
	cpu   float64 // seconds, of the leader and its workers, not of the target
	bytes int64
}

func report(name string, r run, alone *run, units int) {
	line := fmt.Sprintf("  %-32s %8.1f s  %7.1f MB/s  %6.1f CPU-s", name, r.took.Seconds(), float64(r.bytes)/1e6/r.took.Seconds(), r.cpu)
	if alone != nil {
		line += fmt.Sprintf("  %+.2f ms and %+.2f CPU-ms a unit", 1e3*(r.took-alone.took).Seconds()/float64(units), 1e3*(r.cpu-alone.cpu)/float64(units))
	}
	fmt.Println(line)
}
