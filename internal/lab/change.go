package lab

// change.go answers: what happens to a cluster between two snapshots? Documents are added, replaced and deleted, indices
// come, go, and come back under the same name, segments are merged.

import (
	"context"
	"fmt"
	"net/http"
)

// Change alters what Generate made with Data.Odd, as a day of life would: call it between two snapshots. It may be
// called once.
func Change(ctx context.Context, url, version string, seed uint64) error {
	if _, err := find(version); err != nil {
		return err
	}
	s := &sender{url: url, dialect: dialectOf(version)}
	r := newRandom(seed, "change")
	if err := s.bulk(ctx, changes(s.dialect, r)); err != nil {
		return fmt.Errorf("change documents: %w", err)
	}
	for _, index := range []string{"gone", "recreated"} {
		if err := s.send(ctx, http.MethodDelete, "/"+index, nil); err != nil {
			return fmt.Errorf("delete an index: %w", err)
		}
	}
	again := many("again", 6)(s.dialect, r)
	for i := range again {
		again[i].index, again[i].docType = "recreated", "doc"
	}
	if err := s.createIndex(ctx, "recreated", 1, nil, "doc", nil); err != nil {
		return fmt.Errorf("recreate an index: %w", err)
	}
	if err := s.createIndex(ctx, "new-in-s2", 1, nil, "doc", nil); err != nil {
		return fmt.Errorf("create an index: %w", err)
	}
	again = append(again, operation{index: "new-in-s2", docType: "doc", id: "n", source: []byte(`{"new":true}`)})
	if err := s.bulk(ctx, again); err != nil {
		return fmt.Errorf("fill new indices: %w", err)
	}
	merge := "/nested/_forcemerge?max_num_segments=1"
	const optimizeUntil = 1
	if s.major <= optimizeUntil {
		merge = "/nested/_optimize?max_num_segments=1"
	}
	if err := s.send(ctx, http.MethodPost, merge, nil); err != nil {
		return fmt.Errorf("merge segments: %w", err)
	}
	return s.refresh(ctx, "_all")
}

func changes(d dialect, r random) []operation {
	var operations []operation
	add := func(o operation) { operations = append(operations, o) }
	for i := range 6 {
		add(operation{index: "softdel", docType: "doc", id: fmt.Sprint("s", 10+i), source: encode(object{"k": i, "updated": false})})
		add(operation{index: "softdel", docType: "doc", id: fmt.Sprint("new", i), source: encode(object{"k": i, "t": r.sentence(3)})})
		add(operation{index: "routed-idx", docType: "doc", id: fmt.Sprint("r", i), routing: fmt.Sprint("テナント", i%7), source: encode(object{"k": -i})})
	}
	// Deleted and written again within one round: its version starts anew once the tombstone is gone.
	add(operation{action: "delete", index: "softdel", docType: "doc", id: "s35"})
	add(operation{index: "softdel", docType: "doc", id: "s35", source: []byte(`{"k":35,"back":true}`)})
	for _, id := range []string{"42", "日本語ID", "a/b c?d&e=f%"} {
		add(operation{action: "delete", index: "ids", docType: "doc", id: id})
	}
	add(operation{action: "delete", index: "nested", docType: "doc", id: "7"})
	if d.multiTyped() {
		// Only one of the two documents with this id goes.
		add(operation{action: "delete", index: "legacy-multi", docType: "user", id: "5"})
		add(operation{index: "family", docType: "child", id: "c0-0", parent: "p0", routing: "p0", source: []byte(`{"toy":"changed"}`)})
	}
	return operations
}
