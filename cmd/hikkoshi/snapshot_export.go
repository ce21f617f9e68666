package main

// snapshot_export.go answers: how do documents leave a snapshot, one by id or all of them? Next: snapshot_check.go.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/export"
	"github.com/hikkoshi/hikkoshi/internal/ui"
	"github.com/hikkoshi/hikkoshi/snapshot"
)

type snapshotExport struct {
	repositoryFlags
	Snapshot     string   `default:"latest" help:"Name or uuid; by default the newest whole one."`
	Index        []string `short:"i" help:"Patterns of indices, with * and leading - to exclude." sep:","`
	Type         []string `help:"Only these types." sep:","`
	Where        []string `help:"Condition on a field of the source: status=404, bytes>=1000, host!=web-*. All must hold." sep:"none"`
	Fields       []string `help:"Only these fields of the source." sep:","`
	Limit        int64    `help:"At most this many documents, in order."`
	Format       string   `default:"ndjson" enum:"ndjson,elasticdump,parquet" help:"ndjson, elasticdump or parquet."`
	Compress     string   `default:"none" enum:"none,gzip,zstd" help:"none, gzip or zstd."`
	Output       string   `short:"o" help:"Folder for a file per index; by default everything goes to standard output." type:"path"`
	Overwrite    bool     `help:"Replace files that are there."`
	Ordered      bool     `help:"Always the same order: index, shard, segment, document."`
	AllMetadata  bool     `help:"Also _seq_no, _primary_term, _timestamp and _expiry."`
	KeepGoing    bool     `help:"Go on behind what can't be read, name it, and end with exit code 3."`
	AllowPartial bool     `help:"Read a PARTIAL snapshot; its failed shards count as what can't be read."`
	Workers      int      `help:"How many read at once; by default one per processor."`
}

func (c *snapshotExport) options(call *invocation) (export.Options, error) {
	var options export.Options
	var err error
	if options.Format, err = export.ParseFormat(c.Format); err == nil {
		options.Compression, err = export.ParseCompression(c.Compress)
	}
	for _, text := range c.Where {
		var condition export.Condition
		if err == nil {
			condition, err = export.ParseCondition(text)
		}
		options.Where = append(options.Where, condition)
	}
	switch {
	case err != nil:
	case options.Format == export.Parquet && c.Output == "":
		err = errors.New("parquet needs --output FOLDER")
	case options.Format == export.Parquet && options.Compression != export.Plain:
		err = errors.New("parquet compresses by itself, leave out --compress")
	case c.Limit < 0 || c.Workers < 0:
		err = errors.New("a limit and a number of workers are not negative")
	}
	if err != nil {
		return options, fmt.Errorf("%w: %w", errWrongUse, err)
	}
	options.Indices, options.Types, options.Limit, options.Fields = c.Index, c.Type, c.Limit, c.Fields
	options.AllMetadata = c.AllMetadata
	options.Ordered, options.KeepGoing, options.AllowPartial, options.Workers = c.Ordered, c.KeepGoing, c.AllowPartial, c.Workers
	show := progressOf(call, "export", "bytes")
	options.Progress = func(p export.Progress) { show(p.Bytes, p.TotalBytes, ui.Count(p.Documents)+" documents") }
	return options, nil
}

// Run writes the documents.
func (c *snapshotExport) Run(ctx context.Context, call *invocation) error {
	options, err := c.options(call)
	if err != nil {
		return err
	}
	repository, info, done, err := c.openSnapshot(ctx, call, c.Snapshot)
	if err != nil {
		return err
	}
	defer done()
	sink := export.NewStream(call.View.Results)
	if c.Output != "" {
		if sink, err = export.NewFolder(c.Output, options, c.Overwrite); err != nil {
			return err
		}
	}
	summary, err := export.Run(ctx, repository, info, options, sink)
	if err != nil {
		return withExportHint(err)
	}
	return showSummary(call, info.Name, summary)
}

func withExportHint(err error) error {
	loss := (*export.Loss)(nil)
	switch {
	case errors.Is(err, snapshot.ErrShardFailed):
		return engine.WithHint(err, "--allow-partial --keep-going exports the shards that are in it; a newer snapshot may be whole")
	case errors.Is(err, snapshot.ErrNoIndex):
		return engine.WithHint(err, "`hikkoshi snapshot show` lists the indices")
	case errors.As(err, &loss):
		return engine.WithHint(err, "`hikkoshi snapshot check` tells all that is damaged; --keep-going exports the rest and ends with exit code 3")
	}
	return err
}

// showSummary tells what was written and what was not; losses end with exit code 3.
func showSummary(call *invocation, name string, summary *export.Summary) error {
	parts := []string{fmt.Sprintf("%s documents of %s out of %d indices, %s of source", ui.Count(summary.Documents), name,
		summary.Indices, ui.Bytes(summary.SourceBytes))}
	for _, one := range []struct {
		count int64
		text  string
	}{{summary.Recovered, "%s from the recovery copy"}, {summary.Rebuilt, "%s rebuilt from stored fields and doc values"},
		{summary.Absent, "%s without a source, which the index does not keep"}} {
		if one.count > 0 {
			parts = append(parts, fmt.Sprintf(one.text, ui.Count(one.count)))
		}
	}
	call.View.Say("%s.", strings.Join(parts, "; "))
	for i := range summary.Losses {
		call.View.Say("LOST: %v", &summary.Losses[i])
	}
	if len(summary.Losses) > 0 {
		return errFindings
	}
	return nil
}

type snapshotCat struct {
	repositoryFlags
	Snapshot string   `default:"latest" help:"Name or uuid; by default the newest whole one."`
	Index    []string `short:"i" required:"" help:"Patterns of indices." sep:","`
	Type     []string `help:"Only these types." sep:","`
	ID       []string `arg:"" name:"id" help:"Ids of documents."`
}

// Run prints documents by id; one that is not there ends with exit code 3.
func (c *snapshotCat) Run(ctx context.Context, call *invocation) error {
	repository, info, done, err := c.openSnapshot(ctx, call, c.Snapshot)
	if err != nil {
		return err
	}
	defer done()
	missing := make(map[string]bool)
	options := export.Options{Selection: export.Selection{Indices: c.Index, Types: c.Type, IDs: make(map[string]bool)}, AllMetadata: true}
	for _, id := range c.ID {
		options.IDs[id], missing[id] = true, true
	}
	options.Ordered = true
	var lines bytes.Buffer
	if _, err = export.Run(ctx, repository, info, options, export.NewStream(&lines)); err != nil {
		return withExportHint(err)
	}
	for line := range bytes.Lines(lines.Bytes()) {
		var document struct {
			ID string `json:"_id"`
		}
		if err := json.Unmarshal(line, &document); err != nil {
			return fmt.Errorf("read back %.80s: %w", line, err)
		}
		delete(missing, document.ID)
	}
	if _, err := call.View.Results.Write(lines.Bytes()); err != nil {
		return fmt.Errorf("write documents: %w", err)
	}
	for _, id := range c.ID {
		if missing[id] {
			call.View.Say("No document %q in %s of snapshot %s.", id, strings.Join(c.Index, ","), info.Name)
		}
	}
	if len(missing) > 0 {
		return errFindings
	}
	return nil
}
