package cutover

// alias.go answers: how do readers and writers that go through an alias move, all at one instant, and back?
// All actions go in one request: the server applies all or none. Next: command.go.

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Aliases is what an alias switch needs of a cluster.
type Aliases interface {
	// Alias gives the indices that bear an alias, each with the alias's own settings (filter, routing, is_write_index)
	// as the server shows them; none when there is no such alias.
	Alias(ctx context.Context, name string) (map[string]json.RawMessage, error)
	// UpdateAliases sends one body to _aliases and fails unless it was acknowledged.
	UpdateAliases(ctx context.Context, body json.RawMessage) error
}

// AliasState is one alias as it was before the switch.
type AliasState struct {
	Name string `json:"name"`
	// Before are the indices with the alias's settings.
	Before map[string]json.RawMessage `json:"before"`
}

// AliasMove says where one alias shall lead.
type AliasMove struct {
	Alias string
	// To are the indices that bear the alias afterwards, and no others.
	To []string
	// Settings are given to the alias on each of them, as the server shows them (filter, index_routing ...); empty copies what
	// the alias has now, if that is the same on all indices.
	Settings json.RawMessage
}

// AliasSwitch moves aliases within one cluster. Its state knows what they were.
type AliasSwitch struct {
	ID      string
	Dir     string
	Cluster Aliases
	Moves   []AliasMove
}

// Kind is "alias".
func (s *AliasSwitch) Kind() string { return "alias" }

// Name is the ID.
func (s *AliasSwitch) Name() string { return s.ID }

func (s *AliasSwitch) vault() vault { return vault{dir: s.Dir, kind: s.Kind(), name: s.ID} }

// aliasAction is one line of the body of _aliases.
type aliasAction map[string]map[string]any

// aliasActions gives what must be done to get from one set of indices to another, sorted.
func aliasActions(alias string, from, to map[string]json.RawMessage) ([]aliasAction, error) {
	var actions []aliasAction
	for _, index := range slices.Sorted(maps.Keys(to)) {
		if have, ok := from[index]; ok && sameJSON(have, to[index]) {
			continue
		}
		body := map[string]any{}
		if len(to[index]) > 0 {
			if err := json.Unmarshal(to[index], &body); err != nil {
				return nil, fmt.Errorf("read the settings of alias %s on %s: %w", alias, index, err)
			}
		}
		body["index"], body["alias"] = index, alias
		actions = append(actions, aliasAction{"add": body})
	}
	for _, index := range slices.Sorted(maps.Keys(from)) {
		if _, ok := to[index]; !ok {
			actions = append(actions, aliasAction{"remove": {"index": index, "alias": alias}})
		}
	}
	return actions, nil
}

func sameJSON(a, b json.RawMessage) bool {
	var left, right any
	if json.Unmarshal(orEmpty(a), &left) != nil || json.Unmarshal(orEmpty(b), &right) != nil {
		return false
	}
	leftBytes, leftErr := json.Marshal(left)
	rightBytes, rightErr := json.Marshal(right)
	return leftErr == nil && rightErr == nil && bytes.Equal(leftBytes, rightBytes)
}

func orEmpty(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("{}")
	}
	return raw
}

// wanted gives where an alias shall lead, given where it leads.
func (m AliasMove) wanted(before map[string]json.RawMessage) (map[string]json.RawMessage, error) {
	settings := m.Settings
	if len(settings) == 0 {
		for _, index := range slices.Sorted(maps.Keys(before)) {
			if settings != nil && !sameJSON(settings, before[index]) {
				return nil, problem("say which settings it shall have", fmt.Errorf("alias %s has other settings on %s than on its other indices", m.Alias, index))
			}
			settings = orEmpty(before[index])
		}
	}
	to := map[string]json.RawMessage{}
	for _, index := range m.To {
		to[index] = orEmpty(settings)
	}
	return to, nil
}

// plan gives the actions and the aliases as they are.
func (s *AliasSwitch) plan(ctx context.Context) ([]aliasAction, []AliasState, error) {
	var actions []aliasAction
	var states []AliasState
	for _, move := range s.Moves {
		if move.Alias == "" || len(move.To) == 0 {
			return nil, nil, problem("name the alias and the indices it shall lead to", fmt.Errorf("alias switch %s has a move without them", s.ID))
		}
		before, err := s.Cluster.Alias(ctx, move.Alias)
		if err != nil {
			return nil, nil, fmt.Errorf("read alias %s: %w", move.Alias, err)
		}
		to, err := move.wanted(before)
		if err != nil {
			return nil, nil, err
		}
		own, err := aliasActions(move.Alias, before, to)
		if err != nil {
			return nil, nil, err
		}
		actions, states = append(actions, own...), append(states, AliasState{Name: move.Alias, Before: before})
	}
	return actions, states, nil
}

// Show lists which alias leaves which index and comes to which, in the form of a diff.
func (s *AliasSwitch) Show(ctx context.Context) (Change, error) {
	change := Change{Kind: s.Kind(), Name: s.ID, Reload: "nothing to reload: the cluster switches at one instant",
		Fence: Fence{Allowed: true, Reason: "an alias holds no events"}}
	for _, move := range s.Moves {
		before, err := s.Cluster.Alias(ctx, move.Alias)
		if err != nil {
			return change, fmt.Errorf("read alias %s: %w", move.Alias, err)
		}
		to, err := move.wanted(before)
		if err != nil {
			return change, err
		}
		if text := unified("alias "+move.Alias, aliasText(before), aliasText(to)); text != "" {
			change.Files = append(change.Files, FileChange{Path: "alias " + move.Alias, Diff: text})
		}
	}
	return change, nil
}

func aliasText(indices map[string]json.RawMessage) string {
	var text strings.Builder
	for _, index := range slices.Sorted(maps.Keys(indices)) {
		text.WriteString(index)
		if !sameJSON(indices[index], nil) {
			text.WriteString(" " + string(indices[index]))
		}
		text.WriteString("\n")
	}
	return text.String()
}

// Apply switches all aliases by one request.
func (s *AliasSwitch) Apply(ctx context.Context) (State, error) {
	state, err := s.vault().load()
	if err != nil {
		return state, err
	}
	if state.Phase == PhaseUndoing {
		return state, errUndoBegun
	}
	actions, states, err := s.plan(ctx)
	if err != nil {
		return state, err
	}
	// What the aliases were is written down once: after a kill they may already be what they shall be.
	if state.Phase == PhaseNone || state.Phase == PhaseUndone {
		state = State{Kind: s.Kind(), Name: s.ID, Phase: PhasePrepared, Aliases: states}
		if err := s.vault().save(state); err != nil {
			return state, err
		}
	}
	if err := s.send(ctx, actions); err != nil {
		return state, err
	}
	if state.Phase == PhasePrepared {
		state.Phase = PhaseApplied
		err = s.vault().save(state)
	}
	return state, err
}

func (s *AliasSwitch) send(ctx context.Context, actions []aliasAction) error {
	if len(actions) == 0 {
		return nil
	}
	body, err := json.Marshal(map[string]any{"actions": actions})
	if err != nil {
		return fmt.Errorf("write the alias switch: %w", err)
	}
	if err := s.Cluster.UpdateAliases(ctx, body); err != nil {
		return fmt.Errorf("switch aliases of %s: %w", s.ID, err)
	}
	return nil
}

// Reload has nothing to do.
func (s *AliasSwitch) Reload(context.Context) (State, error) {
	state, err := s.vault().load()
	if err != nil {
		return state, err
	}
	switch state.Phase {
	case PhaseReloaded, PhaseChecked:
		return state, nil
	case PhaseApplied:
		state.Phase = PhaseReloaded
		return state, s.vault().save(state)
	}
	return state, fmt.Errorf("alias switch %s: %w", s.ID, ErrNotApplied)
}

// Check reads the aliases back.
func (s *AliasSwitch) Check(ctx context.Context) (State, error) {
	state, err := s.Reload(ctx)
	if err != nil {
		return state, err
	}
	state.Evidence = nil
	for _, move := range s.Moves {
		now, err := s.Cluster.Alias(ctx, move.Alias)
		if err != nil {
			return state, fmt.Errorf("read alias %s: %w", move.Alias, err)
		}
		have := slices.Sorted(maps.Keys(now))
		if want := slices.Sorted(slices.Values(move.To)); !slices.Equal(have, slices.Compact(want)) {
			return state, fmt.Errorf("%w: alias %s leads to %v instead of %v", ErrNotTaken, move.Alias, have, want)
		}
		state.Evidence = append(state.Evidence, fmt.Sprintf("alias %s leads to %s", move.Alias, strings.Join(have, ", ")))
	}
	state.Phase = PhaseChecked
	return state, s.vault().save(state)
}

// Undo puts the aliases back as they were. It refuses when an alias leads elsewhere by now.
func (s *AliasSwitch) Undo(ctx context.Context) (State, error) {
	state, err := s.vault().load()
	if err != nil || state.Phase == PhaseNone || state.Phase == PhaseUndone {
		return state, err
	}
	var actions []aliasAction
	for _, alias := range state.Aliases {
		now, err := s.Cluster.Alias(ctx, alias.Name)
		if err != nil {
			return state, fmt.Errorf("read alias %s: %w", alias.Name, err)
		}
		if err := s.ours(alias, now); err != nil {
			return state, err
		}
		own, err := aliasActions(alias.Name, now, alias.Before)
		if err != nil {
			return state, err
		}
		actions = append(actions, own...)
	}
	state.Phase = PhaseUndoing
	if err := s.vault().save(state); err != nil {
		return state, err
	}
	if err := s.send(ctx, actions); err != nil {
		return state, err
	}
	state.Phase, state.Evidence = PhaseUndone, nil
	return state, s.vault().save(state)
}

// ours says whether an alias leads where it led before or where we made it lead.
func (s *AliasSwitch) ours(alias AliasState, now map[string]json.RawMessage) error {
	have := slices.Sorted(maps.Keys(now))
	if slices.Equal(have, slices.Sorted(maps.Keys(alias.Before))) {
		return nil
	}
	for _, move := range s.Moves {
		if move.Alias == alias.Name && slices.Equal(have, slices.Compact(slices.Sorted(slices.Values(move.To)))) {
			return nil
		}
	}
	return problem("look who switched it; then set it by hand or make it what it was left as", fmt.Errorf("alias %s was %w: it leads to %v", alias.Name, ErrEdited, have))
}
