// scan.go answers: how are many documents read, front to back? Random access: reader.go. Chunks: storedfields_chunk.go.

package lucene

import "context"

// DefaultReadAhead is how much of the stored fields is fetched at once: few requests to an object store, little memory.
const DefaultReadAhead = 4 << 20

// ScanOptions say which documents a scan delivers. The zero value: all living root documents of the segment.
type ScanOptions struct {
	From, To  int                    // document numbers, To not included; To 0 means to the end
	Want      func(doc int) bool     // nil for all; chunks without a wanted document are not decompressed
	Deleted   bool                   // deliver dead documents too
	ReadAhead int                    // bytes fetched at once; 0 for DefaultReadAhead
	OnLoss    func(*LossError) error // told of what can't be read; nil, or its error, ends the scan. After nil the scan goes on
	Stats     *ScanStats             // filled when not nil
	NoColumns bool                   // leave out Version, SeqNo and PrimaryTerm, and what is rebuilt from doc values
}

// ScanStats count what a scan met. Roots, children and dead documents make up the range, but for losses.
type ScanStats struct {
	Documents int   // delivered
	Children  int   // nested children and stored documents without an id, left out
	Dead      int   // dead or unwanted, left out
	Lost      int   // in chunks that can't be read
	Bytes     int64 // stored bytes of the delivered documents, decompressed
}

// Scan reads documents in order and calls fn with each. The Document is reused: fn must copy what it keeps. An error of fn
// ends the scan and is returned as it is.
//
// The checksum of the stored fields is verified at the end of the scan with which, together with earlier scans of other
// ranges of the same Segment, every byte was read.
func (s *Segment) Scan(ctx context.Context, opts ScanOptions, fn func(*Document) error) error {
	r, err := s.Reader(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	return r.Scan(ctx, opts, fn)
}

// Scan is Segment.Scan with this reader's memory.
func (r *Reader) Scan(ctx context.Context, opts ScanOptions, fn func(*Document) error) error {
	sc := scan{r: r, opts: opts, fn: fn, stats: opts.Stats}
	if sc.stats == nil {
		sc.stats = &ScanStats{}
	}
	if sc.opts.To == 0 || sc.opts.To > r.st.maxDoc {
		sc.opts.To = r.st.maxDoc
	}
	if sc.opts.From < 0 || sc.opts.From >= sc.opts.To {
		return nil
	}
	if sc.opts.ReadAhead <= 0 {
		sc.opts.ReadAhead = DefaultReadAhead
	}
	r.forget()
	if !sc.opts.NoColumns {
		if err := r.openColumns(); err != nil {
			return sc.lose(sc.opts.From, sc.opts.To, err)
		}
	}
	return sc.run(ctx)
}

// scan is one run over a range.
type scan struct {
	r     *Reader
	opts  ScanOptions
	fn    func(*Document) error
	stats *ScanStats
	index chunkIndex
	win   *window
}

// errFn carries an error of the callback past the handling of losses. It is never wrapped.
type errFn struct{ err error }

func (e errFn) Error() string { return e.err.Error() }

func (sc *scan) run(ctx context.Context) error {
	st, ch := sc.r.st, &sc.r.chunk
	ch.s.reset(st.data, st.name, 0, sc.opts.ReadAhead)
	next := 0
	if sc.opts.From == 0 {
		if _, err := ch.s.take(int(st.first)); err != nil {
			return err
		}
	} else {
		if err := sc.jump(sc.opts.From, &next); err != nil {
			return sc.lose(sc.opts.From, sc.opts.To, err)
		}
		ch.s.reset(st.data, st.name, ch.s.offset(), sc.opts.ReadAhead)
	}
	for next < sc.opts.To {
		if err := ctx.Err(); err != nil {
			return err
		}
		if sc.skippable(next) {
			if moved, err := sc.skipDead(&next); err != nil {
				return sc.lose(next, sc.opts.To, err)
			} else if moved {
				continue
			}
		}
		err := sc.oneChunk(next)
		if err == nil {
			next = ch.docBase + ch.docs
			continue
		}
		if out, ok := err.(errFn); ok {
			return out.err
		}
		if err := sc.recover(&next, err); err != nil {
			return err
		}
	}
	return sc.finish()
}

// oneChunk reads the chunk that begins with document next and delivers its documents.
func (sc *scan) oneChunk(next int) error {
	ch := &sc.r.chunk
	if err := ch.next(next); err != nil {
		return err
	}
	wanted := false
	for doc := max(next, sc.opts.From); doc < min(next+ch.docs, sc.opts.To) && !wanted; doc++ {
		wanted = sc.wants(doc)
	}
	// An unwanted chunk is decompressed all the same: that is how its end is found without the index.
	if err := ch.expand(); err != nil {
		return err
	}
	if !wanted {
		sc.stats.Dead += min(next+ch.docs, sc.opts.To) - max(next, sc.opts.From)
		return nil
	}
	return sc.deliver()
}

// deliver calls fn with the wanted documents of the expanded chunk.
func (sc *scan) deliver() error {
	ch := &sc.r.chunk
	from := max(ch.docBase, sc.opts.From)
	to := min(ch.docBase+ch.docs, sc.opts.To)
	for doc := from; doc < to; doc++ {
		if !sc.wants(doc) {
			sc.stats.Dead++
			continue
		}
		d, err := sc.r.assemble(doc, !sc.opts.NoColumns)
		if err != nil {
			if err := sc.lose(doc, doc+1, err); err != nil {
				return errFn{err}
			}
			continue
		}
		if !d.isRoot() {
			sc.stats.Children++
			continue
		}
		sc.stats.Documents++
		sc.stats.Bytes += int64(len(d.raw))
		if err := sc.fn(d); err != nil {
			return errFn{err}
		}
	}
	return nil
}

func (sc *scan) wants(doc int) bool {
	s := sc.r.segment
	if !sc.opts.Deleted && s.live != nil && !s.live.has(doc) {
		return false
	}
	return sc.opts.Want == nil || sc.opts.Want(doc)
}

// skippable says whether it pays to ask the index for the next wanted chunk: a run of unwanted documents lies ahead.
func (sc *scan) skippable(next int) bool {
	const run = 1024
	if sc.opts.Want == nil && (sc.r.segment.live == nil || sc.opts.Deleted) {
		return false
	}
	for doc := max(next, sc.opts.From); doc < sc.opts.To && doc < next+run; doc++ {
		if sc.wants(doc) {
			return false
		}
	}
	return true
}

// skipDead moves to the chunk of the next wanted document; moved says whether that left out any chunk.
func (sc *scan) skipDead(next *int) (moved bool, err error) {
	doc := max(*next, sc.opts.From)
	for doc < sc.opts.To && !sc.wants(doc) {
		doc++
	}
	from := *next
	if doc == sc.opts.To {
		sc.stats.Dead += doc - max(from, sc.opts.From)
		*next = doc
		sc.r.chunk.s.whole = false
		return true, nil
	}
	if err := sc.jump(doc, next); err != nil {
		return false, err
	}
	sc.stats.Dead += max(*next, sc.opts.From) - max(from, sc.opts.From)
	return *next > from, nil
}

// jump moves to the chunk that holds doc, and next to that chunk's first document.
func (sc *scan) jump(doc int, next *int) error {
	if sc.index == nil {
		x, err := sc.r.st.chunkIndex()
		if err != nil {
			return err
		}
		sc.index, sc.win = x, x.window()
	}
	i, err := findChunk(sc.index, sc.win, doc)
	if err != nil {
		return err
	}
	base, start, err := sc.index.chunk(sc.win, i)
	if err != nil {
		return err
	}
	if base < *next {
		return corruptf(sc.r.st.name, start, "index says document %d is in a chunk before document %d", doc, *next)
	}
	sc.r.chunk.s.seek(start)
	*next = base
	return nil
}

// recover reports a chunk that can't be read and moves behind it with the help of the index.
func (sc *scan) recover(next *int, cause error) error {
	lost := max(*next, sc.opts.From)
	end := sc.opts.To
	if sc.opts.OnLoss != nil {
		if moved, err := sc.realign(*next, cause); moved || err != nil {
			return err
		}
		if i, ok := sc.chunkBehind(*next); ok {
			end = min(end, i)
		}
	}
	if err := sc.lose(lost, end, cause); err != nil {
		return err
	}
	if end < sc.opts.To {
		if err := sc.jump(end, next); err == nil && *next == end {
			sc.r.chunk.s.whole = false
			return nil
		}
		if err := sc.lose(end, sc.opts.To, cause); err != nil {
			return err
		}
	}
	*next = sc.opts.To
	sc.r.chunk.s.whole = false
	return nil
}

// realign asks the index whether the chunk that can't be read begins elsewhere. Then the one before, whose end we took for
// its begin, was broken without showing it: its documents went out and can't be trusted, and reading goes on in the right place.
func (sc *scan) realign(next int, cause error) (moved bool, err error) {
	x, err := sc.r.st.chunkIndex()
	if err != nil {
		return false, nil // no help from there: the loss itself is being reported
	}
	w := x.window()
	i, err := findChunk(x, w, next)
	if err != nil || i == 0 {
		return false, nil // likewise
	}
	base, start, err := x.chunk(w, i)
	if err != nil || base != next || start == sc.r.chunk.at {
		return false, nil // likewise
	}
	before, _, err := x.chunk(w, i-1)
	if err != nil {
		return false, nil // likewise
	}
	sc.r.chunk.s.seek(start)
	sc.r.chunk.s.whole = false
	return true, sc.opts.OnLoss(&LossError{Segment: sc.r.segment.commit.Name, From: max(before, sc.opts.From), To: next,
		Delivered: true, Err: cause})
}

// chunkBehind gives the first document of the chunk behind the one that holds doc; ok is false when the index can't be read.
func (sc *scan) chunkBehind(doc int) (first int, ok bool) {
	x, err := sc.r.st.chunkIndex()
	if err != nil {
		return 0, false
	}
	w := x.window()
	i, err := findChunk(x, w, doc)
	if err != nil {
		return 0, false
	}
	if i+1 == x.chunks() {
		return sc.r.st.maxDoc, true
	}
	first, _, err = x.chunk(w, i+1)
	return first, err == nil && first > doc
}

// lose reports a loss; nil means the scan goes on.
func (sc *scan) lose(from, to int, cause error) error {
	sc.stats.Lost += to - from
	loss := &LossError{Segment: sc.r.segment.commit.Name, From: from, To: to, Err: cause}
	if sc.opts.OnLoss == nil {
		return loss
	}
	return sc.opts.OnLoss(loss)
}

// finish checks what can only be known at the end: where the last chunk ends, and the checksum once all of the file was read
// by this scan or, of other ranges, by others.
func (sc *scan) finish() error {
	st, s := sc.r.st, &sc.r.chunk.s
	if !s.whole {
		return nil
	}
	var err error
	loss := &LossError{Segment: sc.r.segment.commit.Name, From: sc.opts.From, To: sc.opts.To, Delivered: true}
	if sc.opts.To == st.maxDoc {
		err = sc.checkEnd()
	}
	if part, ok := s.consumed(); ok && err == nil {
		if err = st.verify(part); err != nil {
			loss.From, loss.To = 0, st.maxDoc
		}
	}
	if err == nil {
		return nil
	}
	loss.Err = err
	if sc.opts.OnLoss == nil {
		return loss
	}
	return sc.opts.OnLoss(loss)
}

// checkEnd demands that the chunks end where the file says: at the end the index names, or before the statistics and footer.
func (sc *scan) checkEnd() error {
	st, s := sc.r.st, &sc.r.chunk.s
	if st.end >= 0 {
		if off := s.offset(); off != st.end {
			return corruptf(st.name, off, "last chunk ends here, index says at %d", st.end)
		}
		return s.passOver(st.data.Size() - footerLength)
	}
	off := s.offset()
	for range st.layout.tail {
		if _, err := s.vlong(); err != nil {
			return err
		}
	}
	if s.offset() != st.limit() {
		return corruptf(st.name, off, "last chunk ends here, %d bytes before the file's end", st.limit()-off)
	}
	return nil
}
