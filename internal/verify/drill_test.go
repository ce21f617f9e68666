package verify

import (
	"fmt"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

func TestEveryIdOfADifferingBucketIsInExactlyOnePortion(t *testing.T) {
	t.Parallel()
	counts := map[int]int64{3: 10, 7: drillBudget, 8: 3*drillBudget + 1, 200: 0, 255: drillBudget - 5}
	differing := []int{3, 7, 8, 200, 255}
	all := portions(differing, func(bucket int) int64 { return counts[bucket] })
	if len(all) != 3+4 {
		t.Errorf("%d portions", len(all))
	}
	wanted := map[int]bool{3: true, 7: true, 8: true, 200: true, 255: true}
	for i := range 20_000 {
		id := fmt.Sprintf("id-%d", i)
		held := 0
		for _, one := range all {
			if one.holds(id) {
				held++
			}
		}
		if want := map[bool]int{true: 1}[wanted[es.Bucket(id)]]; held != want {
			t.Fatalf("%s of bucket %d is in %d portions, want %d", id, es.Bucket(id), held, want)
		}
	}
}

func TestDocumentsOfOneIdArePairedOffByWhatTheyShare(t *testing.T) {
	t.Parallel()
	both := &view{types: true}
	left := map[place][]entry{{id: "1"}: {{docType: "user", high: 1}, {docType: "order", high: 2}, {docType: "gone", high: 3}}, {id: "2"}: {{routing: "a", high: 4}}}
	right := map[place][]entry{{id: "1"}: {{docType: "order", high: 20}, {docType: "user", high: 1}}, {id: "2"}: {{routing: "b", high: 5}}, {id: "3"}: {{high: 6}}}
	kinds := map[string]Kind{}
	for _, one := range compareEntries(left, right, both) {
		kinds[one.ID+one.Type] = one.Kind
	}
	want := map[string]Kind{"1order": Content, "1gone": Missing, "2": Routing, "3": Extra}
	if len(kinds) != len(want) {
		t.Fatalf("%v", kinds)
	}
	for key, kind := range want {
		if kinds[key] != kind {
			t.Errorf("%s is %s, want %s", key, kinds[key], kind)
		}
	}
}
