package main

// snapshot_check.go answers: is the repository whole, what did a damaged one lose, and what differs between two snapshots?

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/export"
	"github.com/hikkoshi/hikkoshi/internal/ui"
	"github.com/hikkoshi/hikkoshi/snapshot"
)

type snapshotCheck struct {
	repositoryFlags
	Snapshot []string `help:"Names or uuids; by default all." sep:","`
	Index    []string `short:"i" help:"Patterns of indices, with * and leading - to exclude." sep:","`
	Level    string   `default:"content" enum:"metadata,listing,footers,content,documents" help:"metadata: every metadata blob; listing: also that each blob is there with its length; footers: also the last 16 bytes of each file; content: also every byte; documents: also decode every document."`
}

// checkLevels leads from a level's name to what is asked of package snapshot; documents come on top.
var checkLevels = map[string]snapshot.Level{"metadata": snapshot.LevelMetadata, "listing": snapshot.LevelListing,
	"footers": snapshot.LevelFooters, "content": snapshot.LevelContent, "documents": snapshot.LevelContent}

type checkedProblem struct {
	Snapshots []string `json:"snapshots"`
	Index     string   `json:"index,omitempty"`
	Shard     int      `json:"shard"`
	Blob      string   `json:"blob,omitempty"`
	File      string   `json:"file,omitempty"`
	Lost      string   `json:"lost"`
	Error     string   `json:"error"`
}

type lostDocuments struct {
	Snapshot  string `json:"snapshot"`
	Index     string `json:"index"`
	Shard     int    `json:"shard"`
	Segment   string `json:"segment,omitempty"`
	From      int    `json:"from"`
	To        int    `json:"to"`
	Documents int    `json:"documents"`
	Error     string `json:"error"`
}

// Run checks, and decodes what damage may have cost documents.
func (c *snapshotCheck) Run(ctx context.Context, call *invocation) error {
	repository, done, err := c.open(ctx, call)
	if err != nil {
		return err
	}
	defer done()
	show := progressOf(call, "check", "bytes")
	report, err := repository.Check(ctx, snapshot.CheckOptions{Level: checkLevels[c.Level], Snapshots: c.Snapshot,
		Index: func(name string) bool { return export.MatchName(c.Index, name) },
		Progress: func(p snapshot.CheckProgress) {
			show(p.Bytes, p.TotalBytes, fmt.Sprintf("%d of %d shards", p.Shards, p.TotalShards))
		}})
	if err != nil {
		return err
	}
	problems := make([]checkedProblem, len(report.Problems))
	for i := range report.Problems {
		problem := &report.Problems[i]
		problems[i] = checkedProblem{Snapshots: problem.Snapshots, Index: problem.Index, Shard: problem.Shard, Blob: problem.Blob,
			File: problem.File, Lost: problem.Loss.String(), Error: problem.Err.Error()}
		call.View.Print(problem.String())
	}
	lost, decoded, err := c.decode(ctx, call, repository, report)
	if err != nil {
		return err
	}
	call.View.Print(fmt.Sprintf("%d snapshots, %d indices, %d shards, %s files of %s: %d problems", report.Snapshots, report.Indices,
		report.Shards, ui.Count(int64(report.Files)), ui.Bytes(report.Bytes), len(problems)))
	if decoded > 0 {
		call.View.Print(ui.Count(decoded) + " documents decoded")
	}
	if report.Unverifiable > 0 {
		call.View.Say("%d files have no checksum listed (empty shards, or indices made before Elasticsearch 1.2).", report.Unverifiable)
	}
	if err := call.View.Result(map[string]any{"snapshots": report.Snapshots, "indices": report.Indices, "shards": report.Shards,
		"files": report.Files, "bytes": report.Bytes, "problems": problems, "lost": lost, "documents_decoded": decoded}); err != nil {
		return err
	}
	if len(problems)+len(lost) > 0 {
		return errFindings
	}
	return nil
}

// decode reads the documents of what is damaged, or of everything at the level documents.
func (c *snapshotCheck) decode(ctx context.Context, call *invocation, repository *snapshot.Repository, report *snapshot.CheckReport) ([]lostDocuments, int64, error) {
	var lost []lostDocuments
	var decoded int64
	show := progressOf(call, "decode", "bytes")
	for _, entry := range repository.Entries() {
		if len(c.Snapshot) > 0 && !slices.Contains(c.Snapshot, entry.Name) && !slices.Contains(c.Snapshot, entry.UUID) {
			continue
		}
		indices := export.AffectedBy(report.Problems, entry.Name)
		if c.Level == "documents" {
			indices = c.Index
		} else if len(indices) == 0 {
			continue
		}
		info, err := repository.Snapshot(ctx, entry.UUID)
		if errors.Is(err, snapshot.ErrCorrupt) {
			continue // told above: the whole snapshot is lost
		}
		if err != nil {
			return nil, 0, err
		}
		summary, err := export.Lost(ctx, repository, info, indices, func(p export.Progress) {
			show(p.Bytes, p.TotalBytes, entry.Name+": "+ui.Count(p.Documents)+" documents")
		})
		if errors.Is(err, snapshot.ErrUnfinished) || errors.Is(err, snapshot.ErrNoIndex) {
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		decoded += summary.Documents
		for i := range summary.Losses {
			loss := &summary.Losses[i]
			lost = append(lost, lostDocuments{Snapshot: entry.Name, Index: loss.Index, Shard: loss.Shard, Segment: loss.Segment,
				From: loss.From, To: loss.To, Documents: loss.Documents, Error: loss.Error()})
			call.View.Print(fmt.Sprintf("snapshot %s: can't be read: %v", entry.Name, loss))
		}
	}
	return lost, decoded, nil
}

type snapshotDiff struct {
	repositoryFlags
	Index     []string `short:"i" help:"Patterns of indices, with * and leading - to exclude." sep:","`
	Documents bool     `help:"Also name every document that differs."`
	Before    string   `arg:"" help:"The older snapshot."`
	After     string   `arg:"" help:"The newer one."`
}

type diffedDocument struct {
	Index   string        `json:"index"`
	Change  export.Change `json:"change"`
	Type    string        `json:"type,omitempty"`
	ID      string        `json:"id"`
	Routing string        `json:"routing,omitempty"`
	Old     int64         `json:"old_version"`
	New     int64         `json:"new_version"`
}

type diffedIndex struct {
	Index     string        `json:"index"`
	Change    export.Change `json:"change,omitempty"`
	Recreated bool          `json:"recreated,omitempty"`
	Added     int64         `json:"added"`
	Removed   int64         `json:"removed"`
	Changed   int64         `json:"changed"`
	Rewritten int64         `json:"rewritten"`
}

// Run compares two snapshots; differences end with exit code 3.
func (c *snapshotDiff) Run(ctx context.Context, call *invocation) error {
	repository, done, err := c.open(ctx, call)
	if err != nil {
		return err
	}
	defer done()
	before, err := find(ctx, repository, c.Before)
	if err != nil {
		return err
	}
	after, err := find(ctx, repository, c.After)
	if err != nil {
		return err
	}
	var documents []diffedDocument
	report := func(d export.ChangedDocument) error {
		if call.View.JSON {
			documents = append(documents, diffedDocument{d.Index, d.Change, d.Type, d.ID, d.Routing, d.OldVersion, d.NewVersion})
		}
		call.View.Print(fmt.Sprintf("%-9s %s %q", d.Change, strings.TrimSuffix(d.Index+"/"+d.Type, "/"), d.ID))
		return nil
	}
	if !c.Documents {
		report = nil
	}
	indices, err := export.Diff(ctx, export.Side{Repository: repository, Info: before}, export.Side{Repository: repository, Info: after},
		export.Selection{Indices: c.Index}, report)
	if err != nil {
		return err
	}
	table := ui.Table{Headings: []string{"index", "", ">added", ">removed", ">changed", ">rewritten"}}
	differ := false
	rows := make([]diffedIndex, len(indices))
	for i := range indices {
		one := &indices[i]
		rows[i] = diffedIndex{one.Index, one.Change, one.Recreated, one.Added, one.Removed, one.Changed, one.Rewritten}
		if one.Same() && one.Rewritten == 0 {
			continue
		}
		differ = true
		note := string(one.Change)
		if one.Recreated {
			note = "another index"
		}
		table.Rows = append(table.Rows, []string{one.Index, note, ui.Count(one.Added), ui.Count(one.Removed), ui.Count(one.Changed), ui.Count(one.Rewritten)})
	}
	table.Footer = []string{fmt.Sprintf("%d of %d indices differ", len(table.Rows), len(indices)), "", "", "", "", ""}
	call.View.Table(table)
	if err := call.View.Result(map[string]any{"before": before.Name, "after": after.Name, "indices": rows, "documents": documents}); err != nil {
		return err
	}
	if differ {
		return errFindings
	}
	return nil
}

type snapshotDelete struct {
	Repo       string `help:"Where the repository lies; only to say what is to be done." placeholder:"PLACE"`
	Cluster    string `help:"Address of the cluster that owns the repository."`
	Repository string `help:"The repository's name in that cluster."`
	Snapshot   string `arg:"" help:"The snapshot's name."`
}

// Run deletes through a cluster, or says why it will not without one.
func (c *snapshotDelete) Run(ctx context.Context, call *invocation) error {
	if c.Cluster == "" || c.Repository == "" {
		return engine.WithHint(fmt.Errorf("a cluster that has this repository registered keeps its list of snapshots in memory and would "+
			"write it back, and the snapshots share files: deleting behind its back damages the others: %w", errRefused),
			fmt.Sprintf("`hikkoshi snapshot delete --cluster URL --repository NAME %[1]s`, or DELETE /_snapshot/NAME/%[1]s there; if no cluster "+
				"knows the repository any more, register it in one", c.Snapshot))
	}
	client, err := cluster.New(cluster.Config{URL: c.Cluster})
	if err != nil {
		return err
	}
	defer client.Close()
	if _, err := client.GetSnapshot(ctx, c.Repository, c.Snapshot); err != nil {
		return err
	}
	if err := confirm(call, fmt.Sprintf("Delete snapshot %s of repository %s? It can't be undone.", c.Snapshot, c.Repository)); err != nil {
		return err
	}
	if err := client.DeleteSnapshot(ctx, c.Repository, c.Snapshot); err != nil {
		return err
	}
	call.View.Say("Deleted %s.", c.Snapshot)
	return call.View.Result(map[string]string{"deleted": c.Snapshot})
}
