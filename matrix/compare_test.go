package matrix

// compare_test.go answers: is every document of the source on the target as it must be, and nothing else?
// Next: searches_test.go.

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// compare reads both sides whole.
func (p *pair) compare(t *testing.T) {
	t.Helper()
	for _, side := range []server{p.from, p.to} {
		side.must(t, http.MethodPost, "/closed-idx/_open", "")
		side.must(t, http.MethodGet, "/_cluster/health?wait_for_status=yellow&timeout=60s", "")
	}
	defer p.from.must(t, http.MethodPost, "/closed-idx/_close", "")
	var kibana []document
	there := p.onTarget(t)
	aside := p.quarantined(t)
	p.result.Changed, p.result.Aside = map[string]int{}, map[string]int{}
	for _, index := range p.from.indices(t) {
		if strings.HasPrefix(index, ".kibana") {
			kibana = p.from.documents(t, index)
			continue
		}
		if p.limited(index) {
			continue
		}
		p.result.Indices++
		for _, d := range p.from.documents(t, index) {
			p.result.Sent++
			p.compareOne(d, there, aside)
		}
	}
	p.compareKibana(kibana, there)
	for _, d := range there {
		if d.Index == "gone" && p.changesAll {
			continue // an index that the source deletes meanwhile keeps its copy
		}
		p.result.fail("surplus on the target: %s", d)
	}
	for key := range aside {
		p.result.fail("set aside although it must not be: %s: %s", strings.ReplaceAll(shortened(key), "\t", "/"), aside[key])
	}
}

// identity is what tells documents of the target apart. Types count where the target has them: also 6.x has several in an
// index that it restored from 5.x.
func (p *pair) identity(index, docType, id, routing string) string {
	if p.to.generation >= 7 {
		docType = ""
	}
	return strings.Join([]string{index, docType, id, routing}, "\t")
}

func (p *pair) onTarget(t *testing.T) map[string]document {
	t.Helper()
	there := map[string]document{}
	for _, index := range p.to.indices(t) {
		for _, d := range p.to.documents(t, index) {
			key := p.identity(index, d.Type, d.ID, d.Routing)
			if _, twice := there[key]; twice {
				p.result.fail("twice on the target: %s", d)
			}
			there[key] = d
		}
	}
	return there
}

func (p *pair) compareOne(d document, there map[string]document, aside map[string]string) {
	e := p.becomes(d)
	if e.aside != "" {
		key := d.Index + "\t" + d.ID
		reason, told := aside[key]
		if !told || !strings.Contains(reason, e.aside) {
			p.result.fail("lost without a word: %s (must be set aside: %s; the quarantine says %q)", d, e.aside, reason)
			return
		}
		delete(aside, key)
		p.result.Aside[e.rule]++
		return
	}
	key := p.identity(e.index, e.docType, e.id, e.routing)
	found, ok := there[key]
	if !ok {
		reason := aside[d.Index+"\t"+d.ID]
		p.result.fail("lost: %s must be %s/%s/%s (routing %q)%s", d, e.index, e.docType, shortened(e.id), e.routing, map[bool]string{true: ": set aside: " + reason}[reason != ""])
		delete(aside, d.Index+"\t"+d.ID)
		return
	}
	delete(there, key)
	p.result.Found++
	if e.rule != "" {
		p.result.Changed[e.rule]++
	}
	problem := e.wrong(found.Source)
	switch {
	case problem != "":
	case p.to.generation <= 6 && e.docType != found.Type:
		problem = fmt.Sprintf("its type %q is %q", e.docType, found.Type)
	case e.parent != found.Parent:
		problem = fmt.Sprintf("its parent %q is %q", e.parent, found.Parent)
	case d.Version != found.Version:
		problem = fmt.Sprintf("its version %d is %d", d.Version, found.Version)
	default:
		problem = sameStored(d, found)
	}
	if problem != "" {
		p.result.fail("altered: %s: %s", d, problem)
	}
}

// sameStored compares the stored fields, which are all that an index without sources shows.
func sameStored(d, found document) string {
	if d.Index != "nosource" {
		return ""
	}
	if len(d.Stored) == 0 {
		return "the source shows no stored fields"
	}
	before, err := json.Marshal(d.Stored)
	if err != nil {
		return err.Error()
	}
	after, err := json.Marshal(found.Stored)
	if err != nil {
		return err.Error()
	}
	return sameBytes(before, after)
}

// compareKibana wants every object that a person saved under the name that the target's Kibana looks for, with the title
// and the search that it had; Kibana's settings are called by a version and may be merged into others.
func (p *pair) compareKibana(objects []document, there map[string]document) {
	byKind := map[string]document{}
	for key, d := range there {
		if !strings.HasPrefix(d.Index, ".kibana") {
			continue
		}
		kind, id := kindOf(d, p.to.generation)
		byKind[kind+"\t"+id] = d
		delete(there, key)
	}
	for _, object := range objects {
		p.result.Kibana++
		kind, id := kindOf(object, p.from.generation)
		found, ok := byKind[kind+"\t"+id]
		delete(byKind, kind+"\t"+id)
		if !ok {
			p.result.fail("Kibana's %s %q is lost", kind, id)
			continue
		}
		before, after := attributes(object, kind, p.from.generation), attributes(found, kind, p.to.generation)
		for _, key := range slices.Sorted(mapKeys(before)) {
			// What the new Kibana asks of the fields of an index pattern is added to them.
			if key == "fields" {
				continue
			}
			if fmt.Sprint(before[key]) != fmt.Sprint(after[key]) {
				p.result.fail("Kibana's %s %q: %s: %v is %v", kind, id, key, before[key], after[key])
			}
		}
	}
	for key := range byKind {
		p.result.fail("Kibana's %s is on the target alone", strings.ReplaceAll(key, "\t", " "))
	}
}

func mapKeys(values map[string]any) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for key := range values {
			if !yield(key) {
				return
			}
		}
	}
}

// kindOf: until 5.x the type of the document is the kind of object; since 6.0 both stand in the id.
func kindOf(d document, generation int) (kind, id string) {
	if generation < 6 {
		return d.Type, d.ID
	}
	kind, id, _ = strings.Cut(d.ID, ":")
	return kind, id
}

func attributes(d document, kind string, generation int) map[string]any {
	values, _ := objectOf(d.Source)
	if generation >= 6 {
		inner, _ := values[kind].(map[string]any)
		return inner
	}
	return values
}
