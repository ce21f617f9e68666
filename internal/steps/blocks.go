package steps

// blocks.go answers: when do copies get the blocks of their indices? As the last thing: rounds and aliases are written until
// then. Next: retire.go.

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/plan"
)

// leftBySource are settings that a restored index comes without: blocks would stop the rounds, and a lifecycle policy would
// act on an index that is still being moved.
var leftBySource = []string{"index.blocks.*", "index.lifecycle.*", "index.plugins.index_state_management.*", "index.opendistro.index_state_management.*"}

// putBlocks gives each copy what holds its index still on the source.
type putBlocks struct {
	target opener
	move   *Move
	routes []plan.Route
}

// blockedRoutes are the routes whose index is held still on the source.
func (m *Move) blockedRoutes() []plan.Route {
	return slices.DeleteFunc(m.Plan.Moving(plan.Restore, plan.Backfill, plan.Scroll), func(route plan.Route) bool { return len(route.Blocks) == 0 })
}

// whyBlocked adds to an error which indices hide how they are made: one that does keeps the whole cluster from being listed.
func whyBlocked(ctx context.Context, client *cluster.Client, err error) error {
	if !errors.Is(err, cluster.ErrBlocked) {
		return err
	}
	response, asked := client.Do(ctx, http.MethodGet, "/_cluster/state/blocks", nil, nil)
	if asked != nil {
		return err // the first error says what matters
	}
	var hidden []string
	gjson.GetBytes(response.Body, "blocks.indices").ForEach(func(index, blocks gjson.Result) bool {
		blocks.ForEach(func(_, block gjson.Result) bool {
			if strings.Contains(block.Get("levels").Raw, "metadata_read") {
				hidden = append(hidden, index.String())
				return false
			}
			return true
		})
		return true
	})
	if len(hidden) == 0 {
		return err
	}
	return engine.WithHint(fmt.Errorf("index.blocks.metadata hides how %s is made, and all other indices with it: %w: %w", strings.Join(hidden, ", "), engine.ErrBlocked, err),
		fmt.Sprintf("lift it for the move: PUT /%s/_settings {\"index.blocks.metadata\":false}, and set it again when the move is over", strings.Join(hidden, ",")))
}

// ID is the step's name in the journal.
func (s *putBlocks) ID() string { return "blocks" }

// Title is the step in a person's words.
func (s *putBlocks) Title() string {
	return fmt.Sprintf("hold %d indices still as they are on the source", len(s.routes))
}

// Check names them.
func (s *putBlocks) Check(context.Context) (engine.Status, error) {
	return engine.Status{State: engine.Ready, Note: listed(targets(s.routes))}, nil
}

// Apply sets the blocks.
func (s *putBlocks) Apply(ctx context.Context, _ *engine.Recorder) error { return s.set(ctx, "true") }

func (s *putBlocks) set(ctx context.Context, value any) error {
	client, err := s.target(ctx)
	if err != nil {
		return err
	}
	for _, route := range s.routes {
		settings := map[string]any{}
		for _, name := range route.Blocks {
			settings["index.blocks."+name] = value
		}
		parts, err := s.move.partsOfRoute(ctx, route)
		if err != nil {
			return err
		}
		for _, index := range append([]string{route.Target}, parts...) {
			if err := client.PutSettings(ctx, index, settings); err != nil && !cluster.IsMissing(err) {
				return fmt.Errorf("set the blocks of %s: %w", index, err)
			}
		}
	}
	return nil
}

// Verify wants them there.
func (s *putBlocks) Verify(ctx context.Context) error {
	client, err := s.target(ctx)
	if err != nil {
		return err
	}
	for _, route := range s.routes {
		settings, err := client.Settings(ctx, route.Target)
		if err != nil {
			return fmt.Errorf("read the settings of %s: %w", route.Target, err)
		}
		for _, name := range route.Blocks {
			if settings[route.Target].Text("index.blocks."+name) != "true" {
				return fmt.Errorf("%s has no index.blocks.%s", route.Target, name)
			}
		}
	}
	return nil
}

// Undo lifts them.
func (s *putBlocks) Undo(ctx context.Context, _ *engine.Recorder) error { return s.set(ctx, "false") }
