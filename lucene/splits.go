// splits.go answers: how is a huge segment shared among workers? Next: scan.go.

package lucene

import "context"

// Range is a run of documents of a segment: From up to but not including To. Bytes is what it takes in the file.
type Range struct {
	From, To int
	Bytes    int64
}

// Splits cuts the segment into at most n ranges of about equal bytes. Ranges begin where chunks do, so that no chunk is
// decompressed twice.
func (s *Segment) Splits(ctx context.Context, n int) ([]Range, error) {
	st, err := s.storedFields(ctx)
	if err != nil {
		return nil, err
	}
	whole := Range{From: 0, To: st.maxDoc, Bytes: st.limit() - st.first}
	if n <= 1 || st.maxDoc == 0 {
		return []Range{whole}, nil
	}
	x, err := st.chunkIndex()
	if err != nil {
		return nil, err
	}
	w := x.window()
	var ranges []Range
	from, fromAt := 0, st.first
	for i := 1; i < n; i++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		// whole.Bytes/n*i, without overflow and without losing the remainder
		target := st.first + whole.Bytes/int64(n)*int64(i) + whole.Bytes%int64(n)*int64(i)/int64(n)
		doc, at, ok, err := firstChunkAt(x, w, target)
		if err != nil {
			return nil, err
		}
		if !ok || doc <= from || at <= fromAt {
			continue
		}
		ranges = append(ranges, Range{From: from, To: doc, Bytes: at - fromAt})
		from, fromAt = doc, at
	}
	return append(ranges, Range{From: from, To: st.maxDoc, Bytes: st.limit() - fromAt}), nil
}

// firstChunkAt finds the first chunk that begins at offset target or behind it.
func firstChunkAt(x chunkIndex, w *window, target int64) (doc int, at int64, ok bool, err error) {
	low, high := 0, x.chunks()
	for low < high {
		mid := int(uint(low+high) >> 1)
		_, start, err := x.chunk(w, mid)
		if err != nil {
			return 0, 0, false, err
		}
		if start < target {
			low = mid + 1
		} else {
			high = mid
		}
	}
	if low == x.chunks() {
		return 0, 0, false, nil
	}
	doc, at, err = x.chunk(w, low)
	return doc, at, true, err
}
