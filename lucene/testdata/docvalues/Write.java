import java.io.File;
import java.lang.reflect.Constructor;
import java.nio.charset.StandardCharsets;
import org.apache.lucene.document.*;
import org.apache.lucene.index.*;
import org.apache.lucene.store.*;
import org.apache.lucene.util.BytesRef;

// Writes one index of n documents whose doc values docvalues_columns_test.go can work out again. See README.md.
public class Write {
  static long mix(long z){ z += 0x9E3779B97F4A7C15L; z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L; z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL; return z ^ (z >>> 31); }
  static Directory open(String p) throws Exception {
    try { return (Directory) FSDirectory.class.getMethod("open", java.nio.file.Path.class).invoke(null, new File(p).toPath()); }
    catch (NoSuchMethodException e) { return (Directory) FSDirectory.class.getMethod("open", File.class).invoke(null, new File(p)); }
  }
  static IndexWriterConfig conf() throws Exception {
    Class<?> an = Class.forName("org.apache.lucene.analysis.Analyzer");
    try { return IndexWriterConfig.class.getConstructor(an).newInstance((Object) null); }
    catch (NoSuchMethodException e) {
      Class<?> v = Class.forName("org.apache.lucene.util.Version");
      Object cur = null; for (Object o : fields(v)) cur = o;
      return (IndexWriterConfig) IndexWriterConfig.class.getConstructor(v, an).newInstance(cur, null);
    }
  }
  static java.util.List<Object> fields(Class<?> v) throws Exception {
    java.util.List<Object> l = new java.util.ArrayList<>();
    try { l.add(v.getField("LATEST").get(null)); } catch (NoSuchFieldException e) { l.add(v.getField("LUCENE_47").get(null)); }
    return l;
  }
  static BytesRef b(String s){ return new BytesRef(s.getBytes(StandardCharsets.UTF_8)); }
  public static void main(String[] a) throws Exception {
    String path = a[0]; int n = Integer.parseInt(a[1]); String codec = a.length > 2 ? a[2] : "";
    Directory dir = open(path);
    IndexWriterConfig c = conf();
    c.setUseCompoundFile(false);
    c.setRAMBufferSizeMB(256);
    if (!codec.isEmpty()) {
      String[] p = codec.split(":");
      Class<?> k = Class.forName(p[0]);
      for (Constructor<?> ctor : k.getConstructors()) {
        if (ctor.getParameterCount() == 1 && ctor.getParameterTypes()[0].isEnum()) {
          Object mode = null; for (Object o : ctor.getParameterTypes()[0].getEnumConstants()) if (o.toString().equals(p[1])) mode = o;
          c.setCodec((org.apache.lucene.codecs.Codec) ctor.newInstance(mode));
        }
      }
    }
    IndexWriter w = new IndexWriter(dir, c);
    boolean sn = true; try { Class.forName("org.apache.lucene.document.SortedNumericDocValuesField"); } catch (ClassNotFoundException e) { sn = false; }
    for (int d = 0; d < n; d++) {
      Document doc = new Document();
      doc.add(new StringField("id", "" + d, Field.Store.NO));
      doc.add(new NumericDocValuesField("n_const", 7));
      doc.add(new NumericDocValuesField("n_delta", d * 3L + d % 5));
      doc.add(new NumericDocValuesField("n_gcd", (d % 50) * 1000L - 7));
      doc.add(new NumericDocValuesField("n_table", new long[]{5, 1000000007L, -3, 1L << 40}[d % 4]));
      if (d % 17 == 0) doc.add(new NumericDocValuesField("n_sparse", (long) d * d));
      if (d % 2 == 0) doc.add(new NumericDocValuesField("n_half", -d));
      doc.add(new NumericDocValuesField("n_vary", (d >> 14) % 2 == 0 ? (mix(d) & 15) : mix(d)));
      doc.add(new NumericDocValuesField("n_big", mix(d)));
      if (d == 3) doc.add(new NumericDocValuesField("n_rare", 42));
      if (d % 101 != 5) doc.add(new NumericDocValuesField("n_most", mix(d) % 1000));
      doc.add(new NumericDocValuesField("n_upd", d));
      if (d % 3 != 0) doc.add(new SortedDocValuesField("s_low", b("term" + d % 10)));
      doc.add(new SortedDocValuesField("s_uniq", b(String.format("common/prefix/u%07d", (d * 7919L) % n))));
      if (d % 97 == 0) doc.add(new SortedDocValuesField("s_rare", b("r" + d)));
      for (int i = 0; i < d % 4; i++) doc.add(new SortedSetDocValuesField("ss_multi", b("k" + (d * (i + 1)) % 1009)));
      for (int i = 0; i < d % 3; i++) doc.add(new SortedSetDocValuesField("ss_few", b("f" + (d + i) % 5)));
      doc.add(new SortedSetDocValuesField("ss_single", b("v" + d % 13)));
      if (sn) {
        for (int i = 0; i < d % 3; i++) doc.add(num("sn_multi", mix(d + i) % 100000));
        doc.add(num("sn_single", d * 11L));
        for (int i = 0; i < d % 3; i++) doc.add(num("sn_few", (d + i) % 4));
        doc.add(num("sn_two", d)); doc.add(num("sn_two", d + 1));
      }
      doc.add(new BinaryDocValuesField("b_fixed", b(String.format("%08d", d))));
      doc.add(new BinaryDocValuesField("b_var", b("abcdefghijklmnopqrstuvwxyz".substring(0, d % 20))));
      if (d % 10 == 1) doc.add(new BinaryDocValuesField("b_sparse", b("sparse" + d)));
      w.addDocument(doc);
    }
    w.commit(); w.forceMerge(1); w.commit();
    for (int d = 0; d < n; d += 7) w.updateNumericDocValue(new Term("id", "" + d), "n_upd", -1000L - d);
    w.commit(); w.close(); dir.close();
  }
  static Field num(String f, long v) throws Exception { return (Field) Class.forName("org.apache.lucene.document.SortedNumericDocValuesField").getConstructor(String.class, long.class).newInstance(f, v); }
}
