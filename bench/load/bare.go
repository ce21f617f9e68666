package main

// bare.go answers: how fast does the target take documents at all? The bodies that hikkoshi sends were kept; a client
// that does nothing else sends them again, by the best of several concurrencies and sizes. Next: measure.go.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hikkoshi/hikkoshi/bench/rig"
)

const (
	bareArgument = "bare-for-bench"
	// trialShare of the bodies is sent to find the best way, and at least trialLeast of them.
	trialShare, trialLeast = 10, 4
	// busyPause is how long the bare client waits when the target turns a body away.
	busyPause = 50 * time.Millisecond
	busyTries = 2000
	// answerHead is where an answer says whether any of its items failed.
	answerHead = 200
	bodySuffix = ".ndjson"
	// briefAnswer is what hikkoshi asks the target to leave of its answers.
	briefAnswer = "took,errors,error,status,items.*.status,items.*.error"
)

// bareOrder is what the child is told.
type bareOrder struct {
	// Folder holds the bodies; First is how many files of it are sent, 0 for all.
	Folder, Target string
	First          int
	Concurrency    int
	// Bytes is how large a body is made; 0 leaves them as they are.
	Bytes int
}

// bareResult is what it answers: time and processor time of sending alone.
type bareResult struct {
	Wall, CPU                float64
	Documents, Busy, PeakRSS int64
}

// bareChoices are tried before the measurement.
func bareChoices() []bareOrder {
	var all []bareOrder
	for _, size := range []int{1 << 20, 5 << 20, 0} {
		for _, concurrency := range []int{1, 2, 4, 8} {
			all = append(all, bareOrder{Concurrency: concurrency, Bytes: size})
		}
	}
	return all
}

func (o bareOrder) String() string {
	size := "bodies as hikkoshi makes them"
	if o.Bytes > 0 {
		size = fmt.Sprintf("bodies of %d MiB", o.Bytes>>20)
	}
	return fmt.Sprintf("%d at once, %s", o.Concurrency, size)
}

func (a *arena) bare(ctx context.Context, j job) (usage, error) {
	order := a.best[j.data.name]
	order.Folder, order.Target = a.bodies(j.data), a.target.URL()
	var result bareResult
	used, err := own(ctx, bareArgument, order, &result)
	used.Wall, used.CPU, used.PeakRSS = result.Wall, result.CPU, result.PeakRSS
	used.Tuned = fmt.Sprintf("the best of %d ways on a part of the bodies: %s", len(bareChoices()), order)
	return used, err
}

func bareChild(ctx context.Context, text string) error {
	var o bareOrder
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	bodies, err := readBodies(o.Folder, o.First)
	if err != nil {
		return err
	}
	if o.Bytes > 0 {
		bodies = recut(bodies, o.Bytes)
	}
	var result bareResult
	for _, body := range bodies {
		result.Documents += int64(bytes.Count(body, []byte("\n")) / 2)
	}
	cpu, err := rig.CPUSeconds()
	if err != nil {
		return err
	}
	began := time.Now()
	if result.Busy, err = sendBare(ctx, o, bodies); err != nil {
		return err
	}
	result.Wall = time.Since(began).Seconds()
	now, err := rig.CPUSeconds()
	result.CPU, result.PeakRSS = now-cpu, rig.PeakRSS()
	return errors.Join(err, answer(result))
}

// readBodies reads bodies that were kept, in their order.
func readBodies(folder string, first int) ([][]byte, error) {
	names, err := bodyNames(folder)
	if err != nil {
		return nil, err
	}
	if first > 0 {
		names = names[:min(first, len(names))]
	}
	var bodies [][]byte
	for _, name := range names {
		body, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		bodies = append(bodies, body)
	}
	return bodies, nil
}

// bodyNames are the files of bodies that were kept, in their order.
func bodyNames(folder string) ([]string, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*"+bodySuffix))
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("no bodies in %s", folder)
	}
	slices.Sort(names)
	return names, err
}

// recut makes bodies of about another size, between documents.
func recut(bodies [][]byte, size int) [][]byte {
	var cut [][]byte
	for _, body := range bodies {
		for len(body) > 0 {
			end := 0
			for end < len(body) && end < size {
				for range 2 {
					line := bytes.IndexByte(body[end:], '\n')
					if line < 0 {
						line = len(body) - end - 1
					}
					end += line + 1
				}
			}
			cut = append(cut, body[:end])
			body = body[end:]
		}
	}
	return cut
}

func sendBare(ctx context.Context, o bareOrder, bodies [][]byte) (busy int64, err error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: o.Concurrency, DisableCompression: true}}
	next := make(chan []byte)
	group, inner := errgroup.WithContext(ctx)
	waits := make([]int64, o.Concurrency)
	for number := range o.Concurrency {
		group.Go(func() error {
			for body := range next {
				waited, err := sendOne(inner, client, o.Target, body)
				waits[number] += waited
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	group.Go(func() error {
		defer close(next)
		for _, body := range bodies {
			select {
			case next <- body:
			case <-inner.Done():
				return inner.Err()
			}
		}
		return nil
	})
	err = group.Wait()
	for _, one := range waits {
		busy += one
	}
	return busy, err
}

// sendOne sends a body until it is taken; the answer's beginning says whether anything was refused.
func sendOne(ctx context.Context, client *http.Client, target string, body []byte) (waited int64, err error) {
	for range busyTries {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, target+"/_bulk?filter_path="+briefAnswer, bytes.NewReader(body))
		if err != nil {
			return waited, err
		}
		request.Header.Set("Content-Type", "application/x-ndjson")
		response, err := client.Do(request)
		if err != nil {
			return waited, err
		}
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		switch {
		case err != nil:
			return waited, err
		case response.StatusCode == http.StatusOK && bytes.Contains(text[:min(len(text), answerHead)], []byte(`"errors":false`)):
			return waited, nil
		case response.StatusCode != http.StatusTooManyRequests && !bytes.Contains(text, []byte("rejected_execution")):
			return waited, fmt.Errorf("_bulk: %s: %.600s", response.Status, text)
		}
		waited++
		time.Sleep(busyPause)
	}
	return waited, errors.New("the target stays busy")
}
