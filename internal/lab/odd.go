package lab

// odd.go answers: which cases break migrations, and how is each made? One row per index; the functions below build the
// documents. Next: change.go, which alters them between two snapshots.

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// oddCase is one index of hard documents.
type oddCase struct {
	index  string
	shards int
	// accepts says which versions can hold it.
	accepts func(dialect) bool
	// settings and properties make the index; docType names its type where types exist.
	settings   object
	docType    string
	properties func(dialect) object
	documents  func(dialect, random) []operation
	// after runs when the documents are written, for what bulk can't do; it gives how many documents it added.
	after func(context.Context, *sender) (int, error)
}

func always(dialect) bool { return true }

func from(major int) func(dialect) bool { return func(d dialect) bool { return d.major >= major } }

func until(major int) func(dialect) bool { return func(d dialect) bool { return d.major <= major } }

// properties is a mapping that holds for all versions.
func properties(fields object) func(dialect) object {
	return func(dialect) object { return object{"properties": fields} }
}

// oddCases lists them; the names are those of the shared fixtures, so that one vocabulary serves both.
func oddCases() []oddCase {
	return []oddCase{
		{index: "ids", shards: 3, accepts: always, documents: hardIDs},
		{index: "shapes", shards: 1, accepts: always, properties: shapesMapping, after: sendShapes},
		{index: "routed-idx", shards: 5, accepts: always, properties: func(dialect) object { return object{"_routing": object{"required": true}} }, documents: routed},
		{index: "extver", shards: 1, accepts: always, documents: externalVersions},
		{index: "autoid", shards: 2, accepts: always, documents: many("", 30)},
		{index: "nested", shards: 1, accepts: always, properties: properties(object{"comments": object{"type": "nested"}}), documents: nested},
		{index: "analyzed", shards: 2, accepts: always, properties: analyzedMapping, documents: prose,
			settings: object{"analysis": object{"analyzer": object{"lab": object{"type": "custom", "tokenizer": "standard", "filter": []string{"lowercase", "stop"}}}}}},
		{index: "alltypes", shards: 1, accepts: always, properties: allTypesMapping, documents: allTypes},
		{index: "nosource", shards: 1, accepts: always, documents: many("n", 20), properties: func(d dialect) object {
			text := d.text()
			text["store"] = true
			return object{"_source": object{"enabled": false}, "properties": object{"t": text, "k": object{"type": "long", "store": true}}}
		}},
		{index: "srcfilter", shards: 1, accepts: always, documents: filtered, properties: func(dialect) object {
			return object{"_source": object{"excludes": []string{"secret.*", "raw"}}}
		}},
		{index: "big", shards: 1, accepts: always, documents: oneMegabyte, properties: func(dialect) object { return object{"dynamic": "false"} }},
		{index: "best", shards: 1, accepts: from(2), documents: many("b", 100), settings: object{"index.codec": "best_compression"}},
		// 2.x alone refuses dots in names.
		{index: "dotted", shards: 1, accepts: func(d dialect) bool { return d.major != 2 }, documents: one(`{"a.b.c":1,"a":{"x.y":"dot"}}`)},
		{index: "sorted", shards: 1, accepts: from(6), documents: many("s", 50), settings: object{"index.sort.field": "k", "index.sort.order": "desc"},
			properties: properties(object{"k": object{"type": "long"}})},
		{index: "ttl", shards: 1, accepts: until(2), documents: expiring,
			properties: func(dialect) object {
				return object{"_timestamp": object{"enabled": true}, "_ttl": object{"enabled": true}}
			}},
		{index: "family", shards: 3, accepts: func(d dialect) bool { return d.hasJoin }, documents: family, docType: "person", properties: familyMapping},
		{index: "legacy-multi", shards: 3, accepts: until(5), documents: sameIDs},
		{index: "softdel", shards: 1, accepts: always, documents: updatedAndDeleted},
		{index: "empty", shards: 2, accepts: always, properties: properties(object{"k": object{"type": "long"}})},
		{index: "five", shards: 5, accepts: always, documents: many("", 50)},
		{index: "gone", shards: 1, accepts: always, documents: one(`{"only":"before the change"}`)},
		{index: "recreated", shards: 1, accepts: always, documents: many("", 10)},
		{index: "closed-idx", shards: 1, accepts: always, documents: one(`{"k":"closed"}`), after: closeIt},
	}
}

// odd makes every case that the version accepts.
func (s *sender) odd(ctx context.Context, seed uint64, documents map[string]int) error {
	for _, c := range oddCases() {
		if !c.accepts(s.dialect) {
			continue
		}
		count, err := s.oddIndex(ctx, c, seed)
		if err != nil {
			return fmt.Errorf("%s: %w", c.index, err)
		}
		documents[c.index] = count
	}
	return nil
}

func (s *sender) oddIndex(ctx context.Context, c oddCase, seed uint64) (int, error) {
	docType := c.docType
	if docType == "" {
		docType = "doc"
	}
	if err := s.createOdd(ctx, c, docType); err != nil {
		return 0, err
	}
	live := map[string]bool{}
	var operations []operation
	if c.documents != nil {
		operations = c.documents(s.dialect, newRandom(seed, c.index))
	}
	for i := range operations {
		o := &operations[i]
		o.index = c.index
		if o.docType == "" {
			o.docType = docType
		}
		key := o.docType + "/" + o.id
		if o.id == "" {
			key += strconv.Itoa(i)
		}
		if o.action == "delete" {
			delete(live, key)
		} else {
			live[key] = true
		}
	}
	if err := s.bulk(ctx, operations); err != nil || c.after == nil {
		return len(live), err
	}
	added, err := c.after(ctx, s)
	return len(live) + added, err
}

func (s *sender) createOdd(ctx context.Context, c oddCase, docType string) error {
	// A parent must be declared by its child's type, so several types are made at once.
	if c.index == "family" && s.multiTyped() {
		body := object{"settings": object{"index.number_of_shards": c.shards, "index.number_of_replicas": 0},
			"mappings": object{"parent": object{}, "child": object{"_parent": object{"type": "parent"}}, "grandchild": object{"_parent": object{"type": "child"}}}}
		if s.lean {
			body["mappings"].(object)["_default_"] = object{"dynamic": "false"}
		}
		return s.send(ctx, http.MethodPut, "/"+c.index, body)
	}
	if c.index == "legacy-multi" && s.lean {
		docType = "_default_"
	}
	var mapping object
	if c.properties != nil {
		mapping = c.properties(s.dialect)
	}
	if s.lean {
		if mapping == nil {
			mapping = object{}
		}
		mapping["dynamic"] = "false"
	}
	return s.createIndex(ctx, c.index, c.shards, c.settings, docType, mapping)
}

// many makes plain documents; an empty prefix leaves the ids to the server.
func many(prefix string, count int) func(dialect, random) []operation {
	return func(_ dialect, r random) []operation {
		operations := make([]operation, count)
		for i := range operations {
			if prefix != "" {
				operations[i].id = prefix + strconv.Itoa(i)
			}
			operations[i].source = encode(object{"k": i, "t": r.sentence(4)})
		}
		return operations
	}
}

func one(source string) func(dialect, random) []operation {
	return func(dialect, random) []operation { return []operation{{id: "1", source: []byte(source)}} }
}

// hardIDs are ids that look like numbers, like base64, like paths, or are as long as allowed: Lucene holds each kind in
// another form from 6.0 on.
func hardIDs(d dialect, _ random) []operation {
	ids := []string{"1", "42", "0042", "007", "0", "00", "-1", "9223372036854775807", "12345678901234567890123", "abcd", "abc", "AAAA", "____", "Zg", "Zh",
		"a", "-", "_x", "日本語ID", "😀-id", "a/b c?d&e=f%", "+plus+", `"quoted"`, "tab\tid", "ünï", "AV6nXHcTZ0lqY9d-Zk_0", "1.5",
		strings.Repeat("9", 64), `\back`, ".", "..x", "null", "true", "MDAx", "MDAx=", strings.Repeat("x", 512)}
	const longest = 3000
	if d.major < 5 {
		ids = append(ids, strings.Repeat("b", longest))
	}
	operations := make([]operation, len(ids))
	for i, id := range ids {
		operations[i] = operation{id: id, source: encode(object{"n": i})}
	}
	return operations
}

func routed(_ dialect, r random) []operation {
	operations := make([]operation, 40)
	for i := range operations {
		operations[i] = operation{id: fmt.Sprint("r", i), routing: fmt.Sprint("テナント", i%7), source: encode(object{"k": i, "t": r.sentence(3)})}
	}
	return operations
}

// externalVersions carries versions up to the largest integer a float64 holds exactly; some ids are written twice.
func externalVersions(_ dialect, _ random) []operation {
	const step, largest = 1_000_000_007, 9007199254740993
	var operations []operation
	for i := range 20 {
		operations = append(operations, operation{id: fmt.Sprint("e", i), version: int64(i+1) * step, versionType: "external", source: encode(object{"k": i})})
	}
	for i := range 5 {
		operations = append(operations, operation{id: fmt.Sprint("e", i), version: largest + int64(i), versionType: "external", source: encode(object{"k": i, "again": true})})
	}
	return operations
}

func nested(_ dialect, r random) []operation {
	operations := make([]operation, 20)
	for i := range operations {
		comments := make([]object, r.IntN(4))
		for j := range comments {
			comments[j] = object{"who": pick(r, words), "stars": 1 + r.IntN(5)}
		}
		operations[i] = operation{id: strconv.Itoa(i), source: encode(object{"title": r.sentence(3), "comments": comments})}
	}
	// Deleting a document must take its hidden nested ones along.
	return append(operations, operation{action: "delete", id: "3"}, operation{action: "delete", id: "4"})
}

func analyzedMapping(d dialect) object {
	body := d.text()
	body["analyzer"], body["term_vector"] = "lab", "with_positions_offsets"
	return object{"properties": object{"body": body, "title": d.text()}}
}

func prose(_ dialect, r random) []operation {
	operations := make([]operation, 30)
	for i := range operations {
		operations[i] = operation{id: fmt.Sprint("a", i), source: encode(object{"title": r.sentence(4), "body": r.sentence(40)})}
	}
	return operations
}

func allTypesMapping(d dialect) object {
	return object{"properties": object{
		"long": object{"type": "long"}, "int": object{"type": "integer"}, "short": object{"type": "short"}, "byte": object{"type": "byte"},
		"dbl": object{"type": "double"}, "flt": object{"type": "float"}, "bool": object{"type": "boolean"}, "date": object{"type": "date"},
		"ip": object{"type": "ip"}, "geo": object{"type": "geo_point"}, "bin": object{"type": "binary"}, "kw": d.keyword(), "txt": d.text()}}
}

func allTypes(d dialect, r random) []operation {
	operations := make([]operation, 20)
	for i := range operations {
		var yes any = i%2 == 0
		if i%5 == 0 && d.major < 5 {
			// Up to 5.x a boolean could be many things; 6.0 refuses all but true and false.
			yes = pick(r, []any{"off", "no", 0, "", "yes"})
		}
		source := object{"long": int64(r.Uint64()), "int": int32(r.Uint32()), "short": int16(r.Uint32()), "byte": int8(r.Uint32()),
			"dbl": r.NormFloat64() * 1e9, "flt": float32(r.IntN(10_000)) / 10_000, "bool": yes, "date": "2017-09-1" + strconv.Itoa(r.IntN(9)) + "T01:02:03.004Z",
			"ip": "10.0.0." + strconv.Itoa(i), "geo": []float64{r.Float64()*360 - 180, r.Float64()*180 - 90}, "bin": "6ToENSk7+9EZ/xNC", "kw": pick(r, words), "txt": r.sentence(5)}
		operations[i] = operation{id: strconv.Itoa(i), source: encode(source)}
	}
	return operations
}

func filtered(_ dialect, _ random) []operation {
	operations := make([]operation, 10)
	for i := range operations {
		operations[i] = operation{id: strconv.Itoa(i), source: encode(object{"pub": i, "raw": "dropped", "secret": object{"pw": "dropped"}})}
	}
	return operations
}

func oneMegabyte(_ dialect, r random) []operation {
	const size = 1 << 20
	var text strings.Builder
	for text.Len() < size {
		text.WriteString(r.sentence(100) + " ")
	}
	return []operation{{id: "onemb", source: encode(object{"k": 1, "text": text.String()})}, {id: "small", source: []byte(`{"k":2}`)}}
}

func expiring(_ dialect, _ random) []operation {
	operations := make([]operation, 10)
	for i := range operations {
		operations[i] = operation{id: strconv.Itoa(i), ttl: "36500d", timestamp: strconv.Itoa(1_505_001_600_000 + i), source: encode(object{"k": i})}
	}
	return operations
}

// familyMapping is the join field that replaced _parent in 6.0.
func familyMapping(dialect) object {
	return object{"properties": object{"kin": object{"type": "join", "relations": object{"parent": "child", "child": "grandchild"}}}}
}

func family(d dialect, r random) []operation {
	var operations []operation
	for i := range 8 {
		parent := fmt.Sprint("p", i)
		operations = append(operations, kin(d, "parent", parent, "", "", object{"name": fmt.Sprint("親", i)}))
		for j := range 2 {
			child := fmt.Sprintf("c%d-%d", i, j)
			operations = append(operations, kin(d, "child", child, parent, parent, object{"toy": pick(r, words)}),
				kin(d, "grandchild", "g"+child, child, parent, object{"x": j}))
		}
	}
	return operations
}

// kin is one member of a family; the routing of all is the eldest's id, so that they share a shard.
func kin(d dialect, kind, id, parent, eldest string, source object) operation {
	if d.multiTyped() {
		return operation{docType: kind, id: id, parent: parent, routing: eldest, source: encode(source)}
	}
	source["kin"] = object{"name": kind, "parent": parent}
	if parent == "" {
		source["kin"] = kind
	}
	return operation{id: id, routing: eldest, source: encode(source)}
}

// sameIDs has three types in one index, with equal ids in two: they collide once types are gone.
func sameIDs(_ dialect, r random) []operation {
	var operations []operation
	for i := range 20 {
		id := strconv.Itoa(i)
		operations = append(operations,
			operation{docType: "user", id: id, source: encode(object{"name": r.sentence(2), "age": r.IntN(99)})},
			operation{docType: "order", id: id, source: encode(object{"item": r.autoID(), "price": float64(r.IntN(9999)) / 100, "name": pick(r, words)})},
			operation{docType: "log", id: r.autoID(), source: encode(object{"msg": r.sentence(5)})})
	}
	return operations
}

func updatedAndDeleted(_ dialect, r random) []operation {
	operations := many("s", 40)(dialect{}, r)
	for i := range 10 {
		operations = append(operations, operation{id: fmt.Sprint("s", i), source: encode(object{"k": i, "updated": true})}, operation{action: "delete", id: fmt.Sprint("s", 20+i)})
	}
	return operations
}

// closeIt flushes first: 1.x loses unflushed documents of an index that is closed at once after a write.
func closeIt(ctx context.Context, s *sender) (int, error) {
	if err := s.send(ctx, http.MethodPost, "/closed-idx/_flush", nil); err != nil {
		return 0, err
	}
	return 0, s.send(ctx, http.MethodPost, "/closed-idx/_close", nil)
}
