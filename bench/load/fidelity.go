package main

// fidelity.go answers: what became of the odd documents, by everyone's hand? Next: results.go.

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/bench/rig"
	"github.com/hikkoshi/hikkoshi/internal/binaryjson"
)

// The verdicts, from best to worst.
const (
	verdictBytes = "same bytes"
	// verdictTokens: a _bulk body has no room for line breaks, so a pretty-printed source can arrive no better.
	verdictTokens = "same but for white space"
	verdictRule   = "changed by a rule that was told"
	verdictValue  = "same value, other bytes"
	verdictHome   = "routing or parent lost"
	verdictOther  = "another value"
	verdictTold   = "left out, and said so"
	verdictLost   = "lost in silence"
)

var verdicts = []string{verdictBytes, verdictTokens, verdictRule, verdictValue, verdictHome, verdictOther, verdictTold, verdictLost}

// measureFidelity lets everyone but the bare client move the odd documents, and compares.
func (a *arena) measureFidelity(ctx context.Context, results *results) error {
	written := false
	folder := filepath.Join(a.source.folder, "odd")
	for _, one := range chosen(a.config, a.pair) {
		if one.name == byBare || results.has(kindFidelity, a.pair, dataset{}, one.name, 0) {
			continue
		}
		if !written {
			if err := a.source.writeOdd(ctx, folder); err != nil {
				return fmt.Errorf("write the odd documents: %w", err)
			}
			written = true
		}
		say("%s: the odd documents by %s", a.pair, one.title)
		e := entry{Kind: kindFidelity, Pair: a.pair.String(), Contestant: one.name, When: now(), Verdicts: map[string]string{}}
		for _, index := range []string{oddPlain, oddFamily, oddTypes} {
			if err := a.moveOdd(ctx, one, index, folder, &e); err != nil {
				return fmt.Errorf("%s by %s: %w", index, one.name, err)
			}
		}
		if err := results.add(e); err != nil {
			return err
		}
	}
	return nil
}

// moveOdd lets one contestant move one odd index, and judges what arrived.
func (a *arena) moveOdd(ctx context.Context, one contestant, index, folder string, e *entry) error {
	if err := a.deleteIndex(ctx, oddPlain+"*"); err != nil {
		return err
	}
	j := job{from: index, to: index, repository: folder}
	if err := a.makeOddTarget(ctx, one, j); err != nil {
		return err
	}
	used, moveErr := one.move(a, ctx, j)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	told := used.SetAside // documents that are missing and were told
	if moveErr != nil {
		e.Tuned += fmt.Sprintf("%s: %.300s\n", index, strings.ReplaceAll(moveErr.Error(), "\n", " "))
		told = int64(len(oddDocuments())) // it stopped with an error, and left what is missing
	}
	arrived, err := a.arrived(ctx)
	if err != nil {
		return err
	}
	for _, document := range oddDocuments() {
		if document.index != index {
			continue
		}
		verdict := judge(document, arrived)
		if verdict == verdictLost && told > 0 {
			verdict = verdictTold
			told--
		}
		e.Verdicts[document.name] = verdict
	}
	return nil
}

// makeOddTarget makes what the contestant writes into: hikkoshi's rules may make several indices of one, which only
// hikkoshi can fill. The others get one index with the same fields.
func (a *arena) makeOddTarget(ctx context.Context, one contestant, j job) error {
	if one.makes {
		return nil
	}
	_, _, made, err := openIndex(ctx, a.order(j))
	if err != nil {
		return err
	}
	if one.name == byBackfill || len(made.Targets) == 1 && made.Targets[0].Name == j.to && j.from != oddFamily {
		return a.makeIndex(ctx, j)
	}
	body := oddMappings(a.pair.source[0])[j.from]
	if a.typeless() {
		for _, mapping := range body["mappings"].(rig.Object) {
			fields := mapping.(rig.Object)
			delete(fields, "_parent")
			body["mappings"] = fields
		}
	} else if len(made.Targets) == 1 {
		return a.makeIndex(ctx, j)
	}
	_, err = rig.Call(ctx, http.MethodPut, a.target.URL()+"/"+j.to, body)
	return err
}

// typeless says whether the target has no types.
func (a *arena) typeless() bool {
	_, opensearch := cutOpenSearch(a.pair.target)
	return opensearch || a.pair.target[0] >= '7'
}

// hit is one document on the target, with its source as the server gives it.
type hit struct {
	docType, id, routing, parent string
	source                       []byte
}

func (a *arena) arrived(ctx context.Context) ([]hit, error) {
	if _, err := rig.Call(ctx, http.MethodPost, a.target.URL()+"/"+oddPlain+"*/_refresh", nil); err != nil {
		return nil, err
	}
	answer, err := rig.Call(ctx, http.MethodPost, a.target.URL()+"/"+oddPlain+"*/_search", rig.Object{"size": 1000})
	if err != nil {
		return nil, err
	}
	var hits []hit
	for _, one := range gjson.GetBytes(answer, "hits.hits").Array() {
		hits = append(hits, hit{docType: one.Get("_type").String(), id: one.Get("_id").String(), routing: one.Get("_routing").String(), parent: one.Get("_parent").String(), source: []byte(one.Get("_source").Raw)})
	}
	return hits, nil
}

// judge finds a document among what arrived. An id may have become TYPE#ID where types share an index.
func judge(wanted oddDocument, arrived []hit) string {
	best := verdictLost
	for _, one := range arrived {
		if !sameID(one.id, wanted.id) || wanted.mark != "" && !bytes.Contains(one.source, []byte(wanted.mark)) {
			continue
		}
		verdict := verdictHome
		if atHome(wanted, one, arrived) {
			verdict = compare(wanted, one)
		}
		if slices.Index(verdicts, verdict) < slices.Index(verdicts, best) {
			best = verdict
		}
	}
	return best
}

// sameID says whether an id is the wanted one, perhaps behind the name of a type.
func sameID(id, wanted string) bool {
	return id == wanted || strings.HasSuffix(id, "#"+wanted)
}

// joinField is the field that replaces _parent.
const joinField = "join"

// atHome says whether a document is found where it was: by its routing, and a child in its parent's shard and naming it.
func atHome(wanted oddDocument, one hit, arrived []hit) bool {
	if wanted.parent == "" {
		// A document may be routed by its own id, which is where it was anyhow.
		return one.routing == wanted.routing || wanted.routing == "" && one.routing == wanted.id
	}
	names := one.parent
	if names == "" {
		names = gjson.GetBytes(one.source, joinField+".parent").String()
	}
	if !sameID(names, wanted.parent) {
		return false
	}
	return slices.ContainsFunc(arrived, func(parent hit) bool {
		return parent.id == names && (one.routing == parent.id || parent.routing != "" && one.routing == parent.routing)
	})
}

func compare(wanted oddDocument, one hit) string {
	source := strings.TrimSpace(wanted.source)
	if source == string(one.source) {
		return verdictBytes
	}
	want, err := binaryjson.Compact(nil, []byte(source))
	if err != nil {
		return verdictOther
	}
	if got, err := binaryjson.Compact(nil, one.source); err == nil && bytes.Equal(want, got) {
		return verdictTokens
	}
	wantValue, err := exactValue(want)
	if err != nil {
		return verdictOther
	}
	gotValue, err := exactValue(one.source)
	if err != nil {
		return verdictOther
	}
	if reflect.DeepEqual(wantValue, gotValue) {
		return verdictValue
	}
	if fields, ok := gotValue.(map[string]any); ok {
		delete(fields, joinField)
		delete(fields, "doc_type")
		if reflect.DeepEqual(wantValue, gotValue) {
			return verdictRule
		}
	}
	return verdictOther
}

// exactValue is JSON as a value, with every digit of its numbers; of a key that comes twice the last counts.
func exactValue(source []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(source))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	return exact(value), nil
}

func exact(value any) any {
	switch v := value.(type) {
	case json.Number:
		if number, ok := new(big.Rat).SetString(v.String()); ok {
			return number.RatString()
		}
	case map[string]any:
		for key := range v {
			v[key] = exact(v[key])
		}
	case []any:
		for i := range v {
			v[i] = exact(v[i])
		}
	}
	return value
}
