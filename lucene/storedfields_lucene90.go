// storedfields_lucene90.go answers: how are stored fields compressed by Lucene 9.0 and later? With zstd: storedfields_zstd.go.
//
//	.fdt  index header "Lucene90StoredFieldsFastData" or "...HighData" | chunks | footer
//	chunk token  documents<<2 | dirty<<1 | sliced
//	pieces       as Lucene87
//
// Little-endian; counts and lengths in groups of 128 instead of packed. Chunk size is in .fdm.

package lucene

func storedLucene90Fast(int32) storedLayout { return storedLucene90(newLZ4DictPieces, lz4MaxRatio) }

func storedLucene90High(int32) storedLayout {
	return storedLucene90(newDeflateDictPieces, deflateMaxRatio)
}

func storedLucene90(pieces func() pieceDecoder, ratio int64) storedLayout {
	return storedLayout{token: tokenSlicedMore, groupInts: true, meta: metaFdm, newPieces: pieces, maxRatio: ratio}
}
