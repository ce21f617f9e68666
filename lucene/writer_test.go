package lucene

// writer_test.go answers: where do large, broken or rare segments come from? A writer of every stored fields format that is
// read here, small and slow, for tests and benchmarks only. What real servers write is tested in truth_test.go.

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
)

// output is the counterpart of input.
type output struct {
	b  []byte
	le bool
}

func (o *output) u8(v byte)      { o.b = append(o.b, v) }
func (o *output) raw(b []byte)   { o.b = append(o.b, b...) }
func (o *output) beI32(v int32)  { o.b = binary.BigEndian.AppendUint32(o.b, uint32(v)) }
func (o *output) vint(v int)     { o.b = binary.AppendUvarint(o.b, uint64(uint32(v))) }
func (o *output) vlong(v int64)  { o.b = binary.AppendUvarint(o.b, uint64(v)) }
func (o *output) str(s string)   { o.vint(len(s)); o.b = append(o.b, s...) }
func (o *output) bytes(b []byte) { o.vint(len(b)); o.b = append(o.b, b...) }

func (o *output) i32(v int32) {
	if o.le {
		o.b = binary.LittleEndian.AppendUint32(o.b, uint32(v))
	} else {
		o.b = binary.BigEndian.AppendUint32(o.b, uint32(v))
	}
}

func (o *output) i64(v int64) {
	if o.le {
		o.b = binary.LittleEndian.AppendUint64(o.b, uint64(v))
	} else {
		o.b = binary.BigEndian.AppendUint64(o.b, uint64(v))
	}
}

var testID = SegmentID{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}

func (o *output) header(codec string, version int32, index bool, suffix string) {
	o.b = binary.BigEndian.AppendUint32(o.b, codecMagic)
	o.str(codec)
	o.beI32(version)
	if index {
		o.raw(testID[:])
		o.u8(byte(len(suffix)))
		o.b = append(o.b, suffix...)
	}
}

func (o *output) footer() { o.b = sealed(o.b) }

// sealed appends a footer.
func sealed(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, footerMagic)
	b = binary.BigEndian.AppendUint32(b, 0)
	return binary.BigEndian.AppendUint64(b, uint64(crc32.ChecksumIEEE(b)))
}

// syntheticFormat is a stored fields format as its writer writes it.
type syntheticFormat struct {
	name      string
	codec     string
	version   int32
	chunkSize int
	maxDocs   int
	compress  func(o *output, raw []byte)
}

var syntheticFormats = []syntheticFormat{
	{"lucene41", "Lucene41StoredFieldsData", 2, 16384, 128, writeLZ4},
	{"lucene50fast", "Lucene50StoredFieldsFastData", 1, 16384, 128, writeLZ4},
	{"lucene50high", "Lucene50StoredFieldsHighData", 1, 61440, 512, writeDeflate},
	{"lucene85fast", "Lucene50StoredFieldsFastData", 2, 16384, 128, writeLZ4},
	{"lucene87fast", "Lucene87StoredFieldsFastData", 4, 81920, 1024, writeLZ4Dict},
	{"lucene87high", "Lucene87StoredFieldsHighData", 3, 491520, 4096, writeDeflateDict},
	{"lucene90fast", "Lucene90StoredFieldsFastData", 1, 81920, 1024, writeLZ4Dict},
	{"lucene90high", "Lucene90StoredFieldsHighData", 1, 491520, 4096, writeDeflateDict},
	{"zstd814", "ZstdStoredFields814", 1, 245760, 2048, writeZstd},
	{"oszstd", "CustomStoredFieldsZstd", 1, 491520, 4096, writeZstdDict},
	{"oszstdnodict", "CustomStoredFieldsZstdNoDict", 1, 491520, 4096, writeZstdBlocks},
}

func sizeName(n int) string { return fmt.Sprintf("%.1fKB", float64(n)/1000) }

// syntheticDoc is what the writer was given for a document.
type syntheticDoc struct {
	id     string
	source []byte
}

// logLine makes a JSON document of about size bytes that compresses as web server logs do.
func logLine(r *rand.Rand, i, size int) syntheticDoc {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"@timestamp":"2017-09-%02dT%02d:%02d:%02d.000Z","remote":"%d.%d.%d.%d","method":"GET","code":%d,"bytes":%d`,
		1+i/86400%30, i/3600%24, i/60%60, i%60, r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256), []int{200, 200, 200, 304, 404}[r.IntN(5)], r.IntN(90000))
	for n := 0; b.Len() < size-30; n++ {
		fmt.Fprintf(&b, `,"path%d":"/api/v%d/items/%d?session=%08x"`, n%40, r.IntN(3), r.IntN(100000), r.Uint32())
	}
	b.WriteString(`,"agent":"Mozilla/5.0"}`)
	return syntheticDoc{id: fmt.Sprintf("doc%07d_%05x", i, r.IntN(1<<20)), source: b.Bytes()}
}

// syntheticIndex writes a segment of documents of about size bytes, total bytes in all.
func syntheticIndex(t testing.TB, f syntheticFormat, size, total int) memory {
	t.Helper()
	r := rand.New(rand.NewPCG(1, uint64(size)))
	var docs []syntheticDoc
	for i, n := 0, 0; n < total; i++ {
		d := logLine(r, i, size)
		docs = append(docs, d)
		n += len(d.source)
	}
	return writeIndex(f, docs)
}

// writeIndex writes an index of one segment.
func writeIndex(f syntheticFormat, docs []syntheticDoc) memory {
	dir := memory{}
	oldest := f.codec == "Lucene41StoredFieldsData"
	modern := f.version == 1 && f.codec != "Lucene50StoredFieldsFastData" && f.codec != "Lucene50StoredFieldsHighData"

	var commit output
	if oldest {
		commit.header("segments", commitLucene49, false, "")
	} else {
		commit.header("segments", commitLucene86, true, "1")
		for range 3 {
			commit.vint(9)
		}
		commit.vint(9)
	}
	commit.i64(1)
	if oldest {
		commit.i32(1)
	} else {
		commit.vlong(1)
	}
	commit.i32(1)
	if !oldest {
		for range 3 {
			commit.vint(9)
		}
	}
	commit.str("_0")
	if !oldest {
		commit.raw(testID[:])
	}
	commit.str("Test")
	commit.i64(-1)
	commit.i32(0)
	commit.i64(-1)
	commit.i64(-1)
	if oldest {
		commit.i32(0) // field infos files
		commit.i32(0) // update files
		commit.i32(0) // user data
	} else {
		commit.i32(0) // soft deletes
		commit.u8(0)
		commit.vint(0)
		commit.i32(0)
		commit.vint(0)
	}
	commit.footer()
	dir["segments_1"] = commit.b

	si := output{le: modern}
	switch {
	case oldest:
		si.header("Lucene46SegmentInfo", 1, false, "")
		si.str("4.10.4")
	case modern:
		si.header("Lucene90SegmentInfo", 0, true, "")
		si.i32(9)
		si.i32(12)
		si.i32(0)
		si.u8(0)
	default:
		si.header("Lucene70SegmentInfo", 0, true, "")
		si.i32(8)
		si.i32(4)
		si.i32(0)
		si.u8(0)
	}
	si.i32(int32(len(docs)))
	si.u8(no)
	if modern {
		si.u8(no)
	}
	if oldest {
		si.i32(0)
		si.i32(0)
	} else {
		si.raw([]byte{0, 0, 0, 0})
	}
	si.footer()
	dir["_0.si"] = si.b

	fnm := output{le: modern}
	switch {
	case oldest:
		fnm.header("Lucene46FieldInfos", 1, false, "")
	case modern:
		fnm.header("Lucene94FieldInfos", 1, true, "")
	default:
		fnm.header("Lucene60FieldInfos", 2, true, "")
	}
	names := []string{"_source", "_uid"}
	if modern {
		names[1] = "_id"
	}
	fnm.vint(len(names))
	for i, name := range names {
		fnm.str(name)
		fnm.vint(i)
		fnm.u8(0)
		fnm.u8(0)
		if !oldest {
			fnm.u8(0)
		}
		fnm.i64(-1)
		if oldest {
			fnm.i32(0)
		} else {
			fnm.vint(0)
			fnm.vint(0)
		}
		if modern {
			fnm.raw([]byte{0, 0, 0})
		}
	}
	fnm.footer()
	dir["_0.fnm"] = fnm.b

	writeStored(dir, f, docs, oldest, modern)
	return dir
}

func writeStored(dir memory, f syntheticFormat, docs []syntheticDoc, oldest, modern bool) {
	fdt := output{le: modern}
	fdt.header(f.codec, f.version, !oldest, "")
	inFdt := oldest || f.codec == "Lucene50StoredFieldsFastData" || f.codec == "Lucene50StoredFieldsHighData"
	if inFdt {
		fdt.vint(f.chunkSize)
		fdt.vint(2)
	}
	var raw []byte
	var lengths, counts []int32
	var bases, starts []int64
	done := 0
	flush := func() {
		bases = append(bases, int64(done))
		starts = append(starts, int64(len(fdt.b)))
		fdt.vint(done)
		sliced := 0
		if len(raw) >= 2*f.chunkSize {
			sliced = 1
		}
		switch {
		case oldest:
			fdt.vint(len(lengths))
		case modern || f.version == 4:
			fdt.vint(len(lengths)<<2 | sliced)
		default:
			fdt.vint(len(lengths)<<1 | sliced)
		}
		fdt.ints(counts, modern)
		fdt.ints(lengths, modern)
		piece := len(raw)
		if sliced == 1 {
			piece = f.chunkSize
		}
		for rest := raw; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
			f.compress(&fdt, rest[:min(piece, len(rest))])
		}
		done += len(lengths)
		raw, lengths, counts = raw[:0], lengths[:0], counts[:0]
	}
	for _, d := range docs {
		o := output{b: raw}
		o.vint(0<<kindBits | int(kindBytes))
		o.bytes(d.source)
		if modern {
			o.vint(1<<kindBits | int(kindBytes))
			o.bytes(append([]byte{idUTF8}, d.id...))
		} else {
			o.vint(1<<kindBits | int(kindString))
			o.str("logs#" + d.id)
		}
		lengths, counts = append(lengths, int32(len(o.b)-len(raw))), append(counts, 2)
		raw = o.b
		if len(raw) >= f.chunkSize || len(lengths) >= f.maxDocs {
			flush()
		}
	}
	if len(lengths) > 0 {
		flush()
	}
	end := int64(len(fdt.b))
	if f.codec == "Lucene50StoredFieldsFastData" || f.codec == "Lucene50StoredFieldsHighData" {
		fdt.vlong(int64(len(bases)))
		fdt.vlong(0)
	}
	fdt.footer()
	dir["_0.fdt"] = fdt.b
	if inFdt && f.version < 2 || oldest {
		writeLegacyIndex(dir, f, !oldest, bases, starts, end)
	} else {
		writeMetaIndex(dir, f, modern, inFdt, len(docs), bases, starts, end)
	}
}

func writeLegacyIndex(dir memory, f syntheticFormat, index bool, bases, starts []int64, end int64) {
	var fdx output
	fdx.header(f.codec[:len(f.codec)-len("Data")]+"Index", f.version, index, "")
	fdx.vint(2)
	for len(bases) > 0 {
		n := min(len(bases), 1024)
		fdx.vint(n)
		for i, values := range [][]int64{bases[:n], starts[:n]} {
			avg := int64(0)
			if n > 1 {
				avg = (values[n-1] - values[0]) / int64(n-1)
			}
			zigzag := make([]int64, n)
			bpv := 0
			for k, v := range values {
				delta := v - values[0] - avg*int64(k)
				zigzag[k] = delta<<1 ^ delta>>63
				bpv = max(bpv, bits.Len64(uint64(zigzag[k])))
			}
			if i == 0 {
				fdx.vint(int(values[0]))
				fdx.vint(int(avg))
			} else {
				fdx.vlong(values[0])
				fdx.vlong(avg)
			}
			fdx.vint(bpv)
			fdx.raw(packBE(zigzag, bpv))
		}
		bases, starts = bases[n:], starts[n:]
	}
	fdx.vint(0)
	fdx.vlong(end)
	fdx.footer()
	dir["_0.fdx"] = fdx.b
}

func writeMetaIndex(dir memory, f syntheticFormat, le, inFdt bool, docs int, bases, starts []int64, end int64) {
	name, packed := "Lucene85FieldsIndex", true
	if le {
		name, packed = "Lucene90FieldsIndex", false
	}
	fdx := output{le: le}
	fdx.header(name+"Idx", 0, true, "")
	fdm := output{le: le}
	fdm.header(name+"Meta", f.version, true, "")
	if !inFdt {
		fdm.vint(f.chunkSize)
		if packed {
			fdm.vint(2)
		}
	}
	const shift = 10
	fdm.i32(int32(docs))
	fdm.i32(shift)
	fdm.i32(int32(len(bases) + 1))
	for _, values := range [][]int64{append(bases, int64(docs)), append(starts, end)} {
		fdm.i64(int64(len(fdx.b)))
		base := len(fdx.b)
		for len(values) > 0 {
			n := min(len(values), 1<<shift)
			low := values[0]
			bpv := bits.Len64(uint64(values[n-1] - low))
			for _, ok := range []int{1, 2, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64} {
				if bpv > 0 && bpv <= ok {
					bpv = ok
					break
				}
			}
			fdm.i64(low)
			fdm.i32(0)
			fdm.i64(int64(len(fdx.b) - base))
			fdm.u8(byte(bpv))
			deltas := make([]int64, n)
			for i := range deltas {
				deltas[i] = values[i] - low
			}
			if le {
				fdx.raw(packLE(deltas, bpv))
			} else {
				fdx.raw(packBE(deltas, bpv))
			}
			values = values[n:]
		}
	}
	fdm.i64(int64(len(fdx.b)))
	fdm.i64(end)
	for range 3 {
		fdm.vlong(0)
	}
	fdx.raw(make([]byte, 3))
	fdx.footer()
	fdm.footer()
	dir["_0.fdx"], dir["_0.fdm"] = fdx.b, fdm.b
}

func packBE(values []int64, bpv int) []byte {
	out := make([]byte, packedBytes(int64(len(values)), bpv))
	for i, v := range values {
		for k := range bpv {
			if v>>(bpv-1-k)&1 != 0 {
				bit := i*bpv + k
				out[bit/8] |= 0x80 >> (bit % 8)
			}
		}
	}
	return out
}

func packLE(values []int64, bpv int) []byte {
	out := make([]byte, packedBytes(int64(len(values)), bpv))
	for i, v := range values {
		for k := range bpv {
			if v>>k&1 != 0 {
				bit := i*bpv + k
				out[bit/8] |= 1 << (bit % 8)
			}
		}
	}
	return out
}

// ints writes one number per document as a chunk does.
func (o *output) ints(values []int32, groups bool) {
	if len(values) == 1 {
		o.vint(int(values[0]))
		return
	}
	same, bpv := true, 0
	for _, v := range values {
		same = same && v == values[0]
		bpv = max(bpv, bits.Len32(uint32(v)))
	}
	if same {
		o.u8(0)
		o.vint(int(values[0]))
		return
	}
	if !groups {
		wide := make([]int64, len(values))
		for i, v := range values {
			wide[i] = int64(v)
		}
		o.vint(bpv)
		o.raw(packBE(wide, bpv))
		return
	}
	width := 8
	for width < bpv {
		width *= 2
	}
	o.u8(byte(width))
	perWord := 64 / width
	rows := 128 / perWord
	for len(values) >= 128 {
		for row := range rows {
			var w uint64
			for slot := range perWord {
				w |= uint64(uint32(values[slot*rows+row])) << (64 - width - slot*width)
			}
			o.b = binary.LittleEndian.AppendUint64(o.b, w)
		}
		values = values[128:]
	}
	for _, v := range values {
		o.b = append(o.b, binary.LittleEndian.AppendUint32(nil, uint32(v))[:width/8]...)
	}
}

// lz4Compress is greedy LZ4 as Lucene's fast mode: out of b[from:], with b[:from] as history.
func lz4Compress(b []byte, from int) []byte {
	const hashBits, lastLiterals, window = 14, 5, 1<<16 - 1
	table := make([]int32, 1<<hashBits)
	for i := range table {
		table[i] = -1
	}
	hash := func(i int) uint32 { return binary.LittleEndian.Uint32(b[i:]) * 2654435761 >> (32 - hashBits) }
	for i := 0; i < from && i+4 <= len(b); i++ {
		table[hash(i)] = int32(i)
	}
	var out []byte
	length := func(n int) {
		for ; n >= 255; n -= 255 {
			out = append(out, 255)
		}
		out = append(out, byte(n))
	}
	emit := func(lits []byte, dist, match int) {
		token := min(len(lits), 15) << 4
		if match > 0 {
			token |= min(match-4, 15)
		}
		out = append(out, byte(token))
		if len(lits) >= 15 {
			length(len(lits) - 15)
		}
		out = append(out, lits...)
		if match > 0 {
			out = binary.LittleEndian.AppendUint16(out, uint16(dist))
			if match-4 >= 15 {
				length(match - 4 - 15)
			}
		}
	}
	anchor, i := from, from
	for limit := len(b) - lastLiterals - 8; i < limit; {
		h := hash(i)
		ref := int(table[h])
		table[h] = int32(i)
		if ref < 0 || i-ref > window || binary.LittleEndian.Uint32(b[ref:]) != binary.LittleEndian.Uint32(b[i:]) {
			i++
			continue
		}
		n := 4
		for i+n < len(b)-lastLiterals && b[ref+n] == b[i+n] {
			n++
		}
		emit(b[anchor:i], i-ref, n)
		i += n
		anchor = i
	}
	emit(b[anchor:], 0, 0)
	return out
}

func writeLZ4(o *output, raw []byte) { o.raw(lz4Compress(raw, 0)) }

// dictBlocks cuts a piece as Lucene 8.7 does: ten blocks behind a dictionary.
func dictBlocks(raw []byte, shrink, most int) (dict []byte, blockLen int) {
	const blocks = 10
	n := min(len(raw)/(blocks*shrink), most)
	return raw[:n], (len(raw) - n + blocks - 1) / blocks
}

func eachBlock(raw []byte, dictLen, blockLen int, fn func(block []byte)) {
	for rest := raw[dictLen:]; len(rest) > 0; {
		n := min(blockLen, len(rest))
		fn(rest[:n])
		rest = rest[n:]
	}
}

func writeLZ4Dict(o *output, raw []byte) {
	dict, blockLen := dictBlocks(raw, 16, 1<<16)
	o.vint(len(dict))
	o.vint(blockLen)
	blocks := [][]byte{lz4Compress(dict, 0)}
	eachBlock(raw, len(dict), blockLen, func(block []byte) {
		blocks = append(blocks, lz4Compress(append(bytes.Clone(dict), block...), len(dict)))
	})
	for _, b := range blocks {
		o.vint(len(b))
	}
	for _, b := range blocks {
		o.raw(b)
	}
}

func deflated(raw, dict []byte) []byte {
	const level = 6
	var b bytes.Buffer
	w, err := flate.NewWriterDict(&b, level, dict)
	if err == nil {
		_, err = w.Write(raw)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic("deflate in memory: " + err.Error())
	}
	return b.Bytes()
}

func writeDeflate(o *output, raw []byte) { o.bytes(deflated(raw, nil)) }

func writeDeflateDict(o *output, raw []byte) {
	dict, blockLen := dictBlocks(raw, 6, 1<<15)
	o.vint(len(dict))
	o.vint(blockLen)
	if len(dict) == 0 {
		o.vint(0)
	} else {
		o.bytes(deflated(dict, nil))
	}
	eachBlock(raw, len(dict), blockLen, func(block []byte) { o.bytes(deflated(block, dict)) })
}

func zstdFrame(raw, dict []byte) []byte {
	opts := []zstd.EOption{zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false)}
	if len(dict) > 0 {
		opts = append(opts, zstd.WithEncoderDictRaw(0, dict))
	}
	e, err := zstd.NewWriter(nil, opts...)
	if err != nil {
		panic("zstd in memory: " + err.Error())
	}
	defer e.Close()
	return e.EncodeAll(raw, nil)
}

func writeZstd(o *output, raw []byte) { o.bytes(zstdFrame(raw, nil)) }

func writeZstdDict(o *output, raw []byte) {
	dict, blockLen := dictBlocks(raw, 6, 1<<20)
	o.vint(len(dict))
	o.vint(blockLen)
	o.bytes(zstdFrame(dict, nil))
	eachBlock(raw, len(dict), blockLen, func(block []byte) { o.bytes(zstdFrame(block, dict)) })
}

func writeZstdBlocks(o *output, raw []byte) {
	_, blockLen := dictBlocks(raw, 6, 0)
	o.vint(blockLen)
	eachBlock(raw, 0, blockLen, func(block []byte) { o.bytes(zstdFrame(block, nil)) })
}
