package cutover

// canary.go answers: does an event given to the writer now arrive at the target? An event with an id that exists nowhere
// else is handed to the writer where it takes its events, and looked for on the target until it is there.
// Next: canary_send.go.

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// Canary is one event sent as a proof.
type Canary struct {
	// ID is one word of letters and digits, unlike any other in the world.
	ID   string `json:"id"`
	Sent string `json:"sent,omitempty"` // RFC 3339
	Via  string `json:"via,omitempty"`
	// Found are the documents in which it was seen on the target, which the proof of content must leave out or delete.
	Found []Place `json:"found,omitempty"`
}

// Place is where a canary was found.
type Place struct {
	Index string `json:"index"`
	Type  string `json:"type,omitempty"`
	ID    string `json:"id"`
}

// Queries are texts for the `q` parameter of a search over all indices (with `lenient=true`), to be tried in order. The first
// finds the id as a word of its own; the second inside a value that was not analyzed, as in a field of type keyword.
func (c Canary) Queries() []string {
	return []string{`"` + c.ID + `"`, "*" + c.ID + "*"}
}

// Searcher looks for a canary on the target. The caller has the cluster.
type Searcher interface {
	// FindCanary refreshes the target and gives the documents that a query finds.
	FindCanary(ctx context.Context, query string) ([]Place, error)
}

// Sender hands an event to the writer as its other events come: over HTTP, in a file that it follows, over syslog.
type Sender interface {
	Send(ctx context.Context, canary Canary) error
	// String says how, for the journal.
	String() string
}

// Proof is how a canary is sent and seen.
type Proof struct {
	Sender   Sender
	Searcher Searcher
	// Patience is how long the event may take; zero is two minutes. Writers flush every minute or less often.
	Patience time.Duration
}

const (
	defaultPatience = 2 * time.Minute
	canaryPoll      = 500 * time.Millisecond
	// firstResend and its doublings are when an event that was not seen is sent again: a writer that is just reloading may
	// have given the first to its old output.
	firstResend   = 10 * time.Second
	canaryIDBytes = 12
	// CanaryPrefix begins the id of every canary. Letters and digits only: every analyzer keeps it as one word.
	CanaryPrefix = "hikkoshicanary"
)

// NewCanary makes an event with a fresh id.
func NewCanary() (Canary, error) {
	random := make([]byte, canaryIDBytes)
	if _, err := rand.Read(random); err != nil {
		return Canary{}, fmt.Errorf("make the id of a canary: %w", err)
	}
	return Canary{ID: CanaryPrefix + hex.EncodeToString(random)}, nil
}

// prove sends a canary and waits for it. The id is on disk before the event is sent, so that after a kill the same event is
// looked for first and no second one is left on the target unknown.
func (p *Proof) prove(ctx context.Context, v vault, state *State) error {
	if p == nil {
		return nil
	}
	patience := p.Patience
	if patience <= 0 {
		patience = defaultPatience
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if state.Canary == nil {
		canary, err := NewCanary()
		if err != nil {
			return err
		}
		canary.Via = p.Sender.String()
		state.Canary = &canary
		if err := v.save(*state); err != nil {
			return err
		}
	}
	ticker := time.NewTicker(canaryPoll)
	defer ticker.Stop()
	var trouble error
	wait, next := firstResend, time.Now().Add(firstResend)
	for {
		places, err := p.look(ctx, *state.Canary)
		if err == nil && len(places) > 0 {
			state.Canary.Found = places
			state.Evidence = append(state.Evidence, fmt.Sprintf("canary %s given by %s was found in %s", state.Canary.ID, state.Canary.Via, places[0].Index))
			return nil
		}
		trouble = keepTrouble(trouble, err)
		if now := time.Now(); state.Canary.Sent == "" || now.After(next) {
			if err = p.Sender.Send(ctx, *state.Canary); err == nil {
				wait *= 2
				next = now.Add(wait)
				state.Canary.Sent = now.UTC().Format(time.RFC3339)
				if err = v.save(*state); err != nil {
					return err
				}
			}
			// A writer that has just restarted may not listen yet: sent again until it does.
			trouble = keepTrouble(trouble, err)
		}
		select {
		case <-ctx.Done():
			return problem("look at the writer's log and its buffer; if events reach the target, run this again with more patience",
				fmt.Errorf("%w: canary %s given by %s did not arrive: %w", ErrNotTaken, state.Canary.ID, state.Canary.Via, errors.Join(ctx.Err(), trouble)))
		case <-ticker.C:
		}
	}
}

// keepTrouble remembers the last real error, not the timeout that ends the wait.
func keepTrouble(have, next error) error {
	if next == nil || errors.Is(next, context.DeadlineExceeded) || errors.Is(next, context.Canceled) {
		return have
	}
	return next
}

func (p *Proof) look(ctx context.Context, canary Canary) ([]Place, error) {
	for _, query := range canary.Queries() {
		places, err := p.Searcher.FindCanary(ctx, query)
		if err != nil {
			return nil, fmt.Errorf("look for canary %s: %w", canary.ID, err)
		}
		if len(places) > 0 {
			return places, nil
		}
	}
	return nil, nil
}
