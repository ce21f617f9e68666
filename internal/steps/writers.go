package steps

// writers.go answers: how is each writer that migration.yaml names moved, and moved back? Package cutover does the work;
// here it becomes a step. Next: quiet.go.

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/cutover"
	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/plan"
)

// adapters makes one adapter for each writer. Without a target endpoint (its domain does not exist yet) they can only show.
func adapters(ctx context.Context, wanted *migration.Migration, sides *Sides, facts *plan.Facts) ([]cutover.Adapter, error) {
	source, target, err := endpoints(ctx, wanted, sides, facts)
	if err != nil {
		return nil, err
	}
	var list []cutover.Adapter
	for i, writer := range wanted.Writers {
		id := fmt.Sprintf("writer-%d", i+1)
		from := source
		from.Also = append(from.Also, writer.SourceHosts...)
		base := cutover.Writer{ID: id, Dir: wanted.StateFile("writers"), Source: from, Target: target, Process: process(writer), Proof: proof(writer, sides), Accept: writer.Accept}
		if writer.Reload != "" {
			base.ReloadCommand = shell(writer.Reload)
		}
		switch {
		case writer.Fluentd != "":
			base.Config = writer.Fluentd
			fluentd := &cutover.Fluentd{Writer: base}
			if err := canary(writer, sides, &fluentd.Writer, fluentd.Senders); err != nil {
				return nil, err
			}
			list = append(list, fluentd)
		case writer.Rsyslog != "":
			base.Config = writer.Rsyslog
			rsyslog := &cutover.Rsyslog{Writer: base}
			if writer.Start != "" {
				rsyslog.StartCommand = shell(writer.Start)
			}
			if err := canary(writer, sides, &rsyslog.Writer, rsyslog.Senders); err != nil {
				return nil, err
			}
			list = append(list, rsyslog)
		case writer.FluentBit != "":
			base.Config = writer.FluentBit
			list = append(list, &cutover.FluentBit{Writer: base})
		case writer.Logstash != "":
			base.Config = writer.Logstash
			list = append(list, &cutover.Logstash{Writer: base})
		case writer.Command != "":
			command := &cutover.Command{ID: id, Dir: base.Dir, Source: from, Target: target, Forward: shell(writer.Command), Back: shell(writer.Undo), Proof: base.Proof}
			if writer.Check != "" {
				command.Test = shell(writer.Check)
			}
			list = append(list, command)
		case writer.Alias != "":
			list = append(list, &cutover.AliasSwitch{ID: id, Dir: base.Dir, Cluster: aliasesOf{sides.Target}, Moves: []cutover.AliasMove{aliasMove(writer.Alias, wanted, facts)}})
		}
	}
	return list, nil
}

func shell(command string) []string { return []string{"/bin/sh", "-c", command} }

func process(writer migration.Writer) cutover.Process {
	return cutover.Process{PIDFile: writer.PIDFile, Unit: writer.Service}
}

// proof sends a canary where the writer can take one.
func proof(writer migration.Writer, sides *Sides) *cutover.Proof {
	if writer.TailFile == "" {
		return nil
	}
	return &cutover.Proof{Sender: cutover.ToFile{Path: filepath.Clean(writer.TailFile), Line: writer.TailLine}, Searcher: canarySearch{sides.Target}}
}

// canary lets the proof go through the writer's own input, where it has one that can be sent to.
func canary(writer migration.Writer, sides *Sides, moved *cutover.Writer, senders func() ([]cutover.Sender, error)) error {
	if !writer.Canary || moved.Proof != nil {
		return nil
	}
	inputs, err := senders()
	if err != nil {
		return err
	}
	if len(inputs) == 0 {
		return engine.WithHint(fmt.Errorf("%s has no input that takes a canary event", moved.Config), "set tail_file and tail_line instead of canary")
	}
	moved.Proof = &cutover.Proof{Sender: inputs[0], Searcher: canarySearch{sides.Target}}
	return nil
}

// aliasMove lets the alias on the target lead to the indices that bear it on the source.
func aliasMove(alias string, wanted *migration.Migration, facts *plan.Facts) cutover.AliasMove {
	move := cutover.AliasMove{Alias: alias}
	for _, index := range facts.Source.Indices {
		for _, name := range index.Aliases {
			if name == alias {
				move.To = append(move.To, plan.TargetName(index.Name, facts.Target.Version, wanted))
			}
		}
	}
	return move
}

func endpoints(ctx context.Context, wanted *migration.Migration, sides *Sides, facts *plan.Facts) (source, target cutover.Endpoint, err error) {
	source = cutover.Endpoint{URL: facts.Source.Endpoint, Version: facts.Source.Version, Signed: wanted.Source.Domain != "" || wanted.Source.Auth.SigV4}
	target = cutover.Endpoint{URL: facts.Target.Endpoint, Version: facts.Target.Version, Signed: wanted.Target.Domain != "" || wanted.Target.Auth.SigV4}
	if source.Signed || target.Signed {
		session, err := sides.AWS(ctx)
		if err != nil {
			return source, target, err
		}
		source.Region, target.Region = session.Region(), session.Region()
	}
	if target.URL == "" {
		if client, err := sides.Target(ctx); err == nil {
			target.URL = client.URL()
		} else {
			// The diff of today shows where the address of the new domain will stand.
			target.URL = "https://" + wanted.Target.Domain + ".invalid"
		}
	}
	return source, target, nil
}

// lookAtWriters reads every writer's configuration and says what its change would be.
func lookAtWriters(ctx context.Context, wanted *migration.Migration, sides *Sides, facts *plan.Facts) ([]plan.Writer, error) {
	list, err := adapters(ctx, wanted, sides, facts)
	if err != nil {
		return nil, err
	}
	var writers []plan.Writer
	for _, adapter := range list {
		writer := plan.Writer{Name: adapter.Kind() + " " + adapter.Name()}
		change, err := adapter.Show(ctx)
		if err != nil {
			writer.Findings = append(writer.Findings, plan.Finding{ID: "writer-unreadable", Severity: plan.Blocker, Subject: writer.Name, Message: err.Error(), Decide: Hint(err)})
		}
		writer.Retries, writer.Diff = change.Fence.Allowed, change.Diff()
		for _, finding := range change.Findings {
			writer.Findings = append(writer.Findings, plan.Finding{ID: finding.Code, Severity: severityOf(finding.Severity), Subject: fmt.Sprintf("%s:%d", finding.File, finding.Line),
				Message: finding.Text, Decide: finding.Hint})
		}
		writers = append(writers, writer)
	}
	return writers, nil
}

func severityOf(severity cutover.Severity) plan.Severity {
	switch severity {
	case cutover.Blocker:
		return plan.Blocker
	case cutover.Danger, cutover.Warning:
		return plan.Warning
	}
	return plan.Info
}

// moveWriter re-points one writer.
type moveWriter struct {
	name    string
	title   string
	adapter func(ctx context.Context) (cutover.Adapter, error)
}

const savedWriter = "writer"

// ID is the step's name in the journal.
func (s *moveWriter) ID() string { return s.name }

// Title is the step in a person's words.
func (s *moveWriter) Title() string { return s.title }

// Check refuses a writer whose configuration would lose events.
func (s *moveWriter) Check(ctx context.Context) (engine.Status, error) {
	adapter, err := s.adapter(ctx)
	if err != nil {
		return engine.Status{}, err
	}
	change, err := adapter.Show(ctx)
	if err != nil {
		return engine.Status{}, err
	}
	if blockers := change.Blockers(); len(blockers) > 0 {
		return engine.Status{State: engine.Blocked, Note: blockers[0].Text, Hint: blockers[0].Hint}, nil
	}
	return engine.Status{State: engine.Ready, Note: change.Reload}, nil
}

// Apply changes the configuration, reloads the writer and waits until the change took.
func (s *moveWriter) Apply(ctx context.Context, rec *engine.Recorder) error {
	adapter, err := s.adapter(ctx)
	if err != nil {
		return err
	}
	for _, action := range []func(context.Context) (cutover.State, error){adapter.Apply, adapter.Reload, adapter.Check} {
		state, err := action(ctx)
		if err != nil {
			return err
		}
		if err := rec.Save(savedWriter, state); err != nil {
			return err
		}
		for _, evidence := range state.Evidence {
			rec.Note("%s", evidence)
		}
	}
	return nil
}

// Verify looks at the writer once more; a canary was sent already.
func (s *moveWriter) Verify(ctx context.Context) error {
	adapter, err := s.adapter(ctx)
	if err != nil {
		return err
	}
	_, err = adapter.Check(ctx)
	return err
}

// Undo puts the configuration back byte for byte and reloads the writer.
func (s *moveWriter) Undo(ctx context.Context, rec *engine.Recorder) error {
	adapter, err := s.adapter(ctx)
	if err != nil {
		return err
	}
	state, err := adapter.Undo(ctx)
	if err != nil {
		return err
	}
	return rec.Save(savedWriter, state)
}

// aliasesOf is the part of a cluster that an alias switch needs.
type aliasesOf struct{ open opener }

// Alias reads one alias.
func (a aliasesOf) Alias(ctx context.Context, name string) (map[string]json.RawMessage, error) {
	client, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	all, err := client.Aliases(ctx)
	if err != nil {
		return nil, err
	}
	found := map[string]json.RawMessage{}
	for index, aliases := range all {
		if body, bears := aliases[name]; bears {
			found[index] = body
		}
	}
	return found, nil
}

// UpdateAliases sends one body.
func (a aliasesOf) UpdateAliases(ctx context.Context, body json.RawMessage) error {
	client, err := a.open(ctx)
	if err != nil {
		return err
	}
	_, err = client.Send(ctx, cluster.Request{Method: http.MethodPost, Path: "/_aliases", Body: body})
	return err
}

// canarySearch looks for the canary on the target.
type canarySearch struct{ open opener }

// FindCanary searches all indices.
func (c canarySearch) FindCanary(ctx context.Context, query string) ([]cutover.Place, error) {
	client, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	if err := client.Refresh(ctx); err != nil {
		return nil, err
	}
	response, err := client.Do(ctx, http.MethodGet, "/_search", url.Values{"q": {query}, "lenient": {"true"}}, nil)
	if err != nil {
		return nil, err
	}
	var places []cutover.Place
	for _, hit := range gjson.GetBytes(response.Body, "hits.hits").Array() {
		places = append(places, cutover.Place{Index: hit.Get("_index").String(), Type: hit.Get("_type").String(), ID: hit.Get("_id").String()})
	}
	return places, nil
}

// ShowWriters tells for each writer what would change and what is dangerous about it.
func (m *Move) ShowWriters(ctx context.Context) ([]plan.Writer, error) {
	return lookAtWriters(ctx, m.Wanted, m.Sides, &m.Plan.Facts)
}
