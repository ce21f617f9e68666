package main

// dev.go answers: what do developers get? The lab's nodes by hand, and the project's own test data made anew.

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/lab"
	"github.com/hikkoshi/hikkoshi/internal/ui"
)

type devCommand struct {
	Lab      labCommand      `cmd:"" help:"Real Elasticsearch and OpenSearch nodes from Maven Central."`
	Testdata testdataCommand `cmd:"" help:"Write the small real snapshots of the project's testdata anew."`
}

type labCommand struct {
	Up   labUpCommand   `cmd:"" help:"Start a node of each version named; it stays until down."`
	Down labDownCommand `cmd:"" help:"End nodes that up or demo --keep left running: all, or those named by version or address."`
	List labListCommand `cmd:"" help:"List the versions there are, and the nodes that run."`
}

type labUpCommand struct {
	Versions []string `arg:"" help:"Such as 2.3.2 5.5.2 os2.19.3; see list."`
	Data     string   `help:"Folder that keeps the node's data." type:"path"`
	Repo     []string `help:"Folder below which fs repositories may lie." type:"path"`
	Port     int      `help:"HTTP port; by default a free one."`
	Generate int      `help:"Fill it with so many nginx events, Kibana objects and odd cases." placeholder:"EVENTS"`
}

// Run starts the nodes, detached from this process.
func (c *labUpCommand) Run(ctx context.Context, call *invocation) error {
	if len(c.Versions) > 1 && (c.Data != "" || c.Port != 0) {
		return fmt.Errorf("--data and --port are for one node, and %d were asked for: %w", len(c.Versions), errWrongUse)
	}
	started := map[string]string{}
	for _, version := range c.Versions {
		node, err := lab.Start(ctx, lab.Options{Version: version, DataDir: c.Data, RepoDirs: c.Repo, Port: c.Port, Detached: true, Progress: labProgress(call.View)})
		if err != nil {
			return err
		}
		if c.Generate > 0 {
			if _, err := lab.Generate(ctx, node.URL(), version, lab.Data{Seed: 1, NginxDocs: c.Generate, Days: 3, Kibana: true, Odd: true}); err != nil {
				return err
			}
		}
		started[version] = node.URL()
		call.View.Print(fmt.Sprintf("%s  %s", version, node.URL()))
	}
	return call.View.Result(started)
}

// labProgress tells at most once a second what takes time.
func labProgress(view *ui.View) func(lab.Event) {
	var last time.Time
	return func(event lab.Event) {
		if time.Since(last) < time.Second {
			return
		}
		last = time.Now()
		if event.Total > 0 {
			view.Say("%s: %s (%d of %d)", event.Version, event.Text, event.Done, event.Total)
			return
		}
		view.Say("%s: %s", event.Version, event.Text)
	}
}

type labDownCommand struct {
	Nodes []string `arg:"" optional:"" help:"Versions or addresses, as list shows them."`
}

// Run ends nodes. One that a running test or demo uses is left alone unless its address is named.
func (c *labDownCommand) Run(ctx context.Context, call *invocation) error {
	nodes, err := lab.List()
	if err != nil {
		return err
	}
	var ended []string
	for _, node := range nodes {
		left := node.Detached && (len(c.Nodes) == 0 || slices.Contains(c.Nodes, node.Version))
		if !left && !slices.Contains(c.Nodes, node.URL) {
			continue
		}
		if err := node.Down(ctx); err != nil {
			return err
		}
		ended = append(ended, node.Version+" "+node.URL)
		call.View.Print("ended " + node.Version + " at " + node.URL)
	}
	if len(ended) == 0 {
		call.View.Say("No such node runs.")
	}
	return call.View.Result(ended)
}

type labListCommand struct{}

// Run lists versions and nodes.
func (labListCommand) Run(_ context.Context, call *invocation) error {
	nodes, err := lab.List()
	if err != nil {
		return err
	}
	table := ui.Table{Headings: []string{"version", "address", ">process", "stays", "data"}}
	for _, node := range nodes {
		stays := "with its starter"
		if node.Detached {
			stays = "until down"
		}
		table.Rows = append(table.Rows, []string{node.Version, node.URL, fmt.Sprint(node.PID), stays, node.DataDir})
	}
	call.View.Print("Versions: " + strings.Join(lab.Versions(), " "))
	if len(nodes) > 0 {
		call.View.Table(table)
	} else {
		call.View.Print("No node runs.")
	}
	return call.View.Result(map[string]any{"versions": lab.Versions(), "nodes": nodes})
}

type testdataCommand struct {
	Versions []string `arg:"" optional:"" help:"Versions to write; by default all."`
	Folder   string   `default:"testdata/snapshots" type:"path" help:"Where to."`
}

// Run starts a node of each version, writes two snapshots and the documents that they hold, and ends it.
func (c *testdataCommand) Run(ctx context.Context, call *invocation) error {
	versions := c.Versions
	if len(versions) == 0 {
		versions = lab.Versions()
	}
	for _, version := range versions {
		call.View.Say("%s …", version)
		if err := lab.WriteTestdata(ctx, version, filepath.Join(c.Folder, version), labProgress(call.View)); err != nil {
			return fmt.Errorf("%s: %w", version, err)
		}
	}
	return call.View.Result(versions)
}
