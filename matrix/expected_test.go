package matrix

// expected_test.go answers: what must a document have become on the target? A small table of its own, written from what
// the servers' documentation says of each breaking change, and not from the rules that the move applies.
// Next: compare_test.go.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// expected is one document as the target must have it.
type expected struct {
	index, docType, id, routing, parent string
	// rule names the change, empty where every byte must be as it was.
	rule string
	// aside is why the document must lie in the quarantine instead.
	aside string
	// wrong says what is wrong with a source that was found, and nothing if it is right.
	wrong func(found json.RawMessage) string
}

// longestID is what servers take since 5.0.
const longestID = 512

// The names of the changes, as docs/matrix.md has them.
const (
	ruleTypes      = "several types of one index become an index each"
	ruleFamily     = "_parent becomes a join field, and the id carries the type"
	ruleDuplicates = "of a key that comes twice the last stays"
	ruleBooleans   = "loose booleans become true or false"
	ruleLines      = "line breaks outside of texts go"
	ruleBinary     = "SMILE, CBOR and YAML become JSON"
	ruleMetadata   = "_timestamp and _ttl become fields"
	ruleExpiry     = "_ttl becomes a field; _timestamp cannot, since 1.x kept it for searches alone"
	ruleDots       = "dots in names become underscores"
	ruleLongIDs    = "ids over 512 bytes are set aside"
	ruleNoSource   = "put together from stored fields"
)

// becomes says what must become of a document of the source.
func (p *pair) becomes(d document) expected {
	e := expected{index: d.Index, docType: d.Type, id: d.ID, routing: d.Routing, parent: d.Parent}
	same := func(found json.RawMessage) string { return sameBytes(d.Source, found) }
	e.wrong = same
	if p.routes[d.Index] == "restore" {
		return e
	}
	from, to := p.from.generation, p.to.generation
	singleType := from < 6 && to >= 6
	switch {
	case len(d.ID) > longestID && to >= 5:
		e.rule, e.aside = ruleLongIDs, "bytes, and the target takes 512"
	case (d.Index == "legacy-multi" || strings.HasPrefix(d.Index, "late-multi")) && singleType:
		e.rule, e.index = ruleTypes, d.Index+"-"+d.Type
	case d.Index == "family" && singleType:
		p.familyMember(&e, d)
	case d.Index == "shapes":
		p.shape(&e, d, singleType)
	case d.Index == "alltypes" && from < 5 && to >= 5:
		p.looseBoolean(&e, d)
	case d.Index == "ttl" && to >= 5:
		e.rule = map[bool]string{true: ruleExpiry, false: ruleMetadata}[from < 2]
		e.wrong = func(found json.RawMessage) string { return withMetadata(d, found) }
	case d.Index == "dotted" && to == 2:
		e.rule = ruleDots
		e.wrong = func(found json.RawMessage) string {
			return sameBytes(json.RawMessage(`{"a_b_c":1,"a":{"x_y":"dot"}}`), found)
		}
	case d.Index == "nosource":
		e.rule = ruleNoSource // the stored fields of both sides are compared besides
	}
	return e
}

// familyMember: in one type, the ids of parent and child must not collide, and a child says whose it is.
func (p *pair) familyMember(e *expected, d document) {
	e.rule, e.docType, e.id, e.parent = ruleFamily, "doc", d.Type+"#"+d.ID, ""
	parentType := map[string]string{"child": "parent", "grandchild": "child"}[d.Type]
	if parentType == "" {
		e.routing = d.ID // the children's routing is their parent's id as it was
	}
	e.wrong = func(found json.RawMessage) string {
		values, problem := objectOf(found)
		if problem != "" {
			return problem
		}
		var kin any = d.Type
		if parentType != "" {
			kin = map[string]any{"name": d.Type, "parent": parentType + "#" + d.Parent}
		}
		if values["doc_type"] != any(d.Type) || !reflect.DeepEqual(values["join"], kin) {
			return fmt.Sprintf("it does not say whose it is: %s", found)
		}
		if !bytes.HasPrefix(found, bytes.TrimSuffix(d.Source, []byte("}"))) {
			return fmt.Sprintf("its own fields changed: %s is %s", d.Source, found)
		}
		return ""
	}
}

// shape: the documents whose bytes are no tidy line of JSON.
func (p *pair) shape(e *expected, d document, singleType bool) {
	switch d.ID {
	case "pretty", "crlf":
		e.rule = ruleLines
		e.wrong = func(found json.RawMessage) string {
			if bytes.ContainsAny(found, "\r\n") {
				return "it has line breaks"
			}
			return sameBytes(compact(d.Source), compact(found))
		}
	case "smile", "cbor", "cbor-tagged", "yaml":
		e.rule = ruleBinary
		e.wrong = func(found json.RawMessage) string { return sameBytes(compact(d.Source), compact(found)) }
	case "duplicate-keys":
		if singleType {
			e.rule = ruleDuplicates
			e.wrong = func(found json.RawMessage) string {
				return sameBytes(json.RawMessage(`{"k":6,"blob":{"a":2}}`), found)
			}
		}
	}
}

// looseBoolean: up to 2.x "", "false", "off", "no", "0" and 0 meant false and all else true. 5.x differs in "" alone; 6.0
// takes nothing but true, false, their texts, and "" for false.
func (p *pair) looseBoolean(e *expected, d document) {
	before, problem := objectOf(d.Source)
	if problem != "" {
		e.wrong = func(json.RawMessage) string { return problem }
		return
	}
	written := before["bool"]
	meant := !falseBefore5[fmt.Sprint(written)]
	if fits := written == true || written == false; fits || p.to.generation == 5 && written != "" {
		return
	}
	e.rule = ruleBooleans
	e.wrong = func(found json.RawMessage) string {
		after, problem := objectOf(found)
		if problem != "" {
			return problem
		}
		now, takes := map[any]bool{true: true, "true": true, false: false, "false": false, "": false}[after["bool"]]
		if p.to.generation == 5 {
			now, takes = after["bool"] != false && after["bool"] != "false", after["bool"] != ""
		}
		if !takes || now != meant {
			return fmt.Sprintf("the boolean %v, which meant %v, is %v", written, meant, after["bool"])
		}
		if p.to.generation >= 6 && after["bool"] == "" {
			return "" // as it was
		}
		delete(before, "bool")
		delete(after, "bool")
		if !reflect.DeepEqual(before, after) {
			return fmt.Sprintf("more than the boolean changed: %s is %s", d.Source, found)
		}
		return ""
	}
}

var falseBefore5 = map[string]bool{"": true, "false": true, "off": true, "no": true, "0": true}

// withMetadata: the time of a document, and the time of its end, go into fields as milliseconds. Both are what the
// generator asked for.
func withMetadata(d document, found json.RawMessage) string {
	const lifetime, first = 36500 * 24 * 60 * 60 * 1000, 1_505_001_600_000
	number, err := strconv.ParseInt(d.ID, 10, 64)
	if err != nil {
		return err.Error()
	}
	written := first + number
	want := bytes.Clone(bytes.TrimSuffix(d.Source, []byte("}")))
	if d.Timestamp != 0 {
		want = fmt.Appendf(want, `,"timestamp_migrated":%d`, written)
	}
	return sameBytes(fmt.Appendf(want, `,"expire_at":%d}`, written+lifetime), found)
}

func sameBytes(want, found json.RawMessage) string {
	if bytes.Equal(want, found) {
		return ""
	}
	return fmt.Sprintf("%s is %s", shortened(string(want)), shortened(string(found)))
}

// compact takes the white space out between tokens; numbers and texts stay as they are written.
func compact(source json.RawMessage) json.RawMessage {
	var out bytes.Buffer
	if json.Compact(&out, source) != nil {
		return source
	}
	return out.Bytes()
}

// objectOf decodes a source with every number as it is written; of equal keys the last counts.
func objectOf(source json.RawMessage) (map[string]any, string) {
	decoder := json.NewDecoder(bytes.NewReader(source))
	decoder.UseNumber()
	var values map[string]any
	if err := decoder.Decode(&values); err != nil {
		return nil, fmt.Sprintf("no JSON object: %v: %.100s", err, strings.ToValidUTF8(string(source), ""))
	}
	return values, ""
}
