"""A few sentences in the scripts of the world, from what everybody may copy: the first articles of the declaration of human rights,
and a clause more here and there so that letters are met that they have not."""

PROSE = {
    "ASCII": (
        "All human beings are born free and equal in dignity and rights. They a"
        "re endowed with reason and conscience and should act towards one anoth"
        "er in a spirit of brotherhood. Everyone has the right to life, liberty"
        " and security of person; no one shall be held in slavery."
    ),
    "French": (
        "Tous les êtres humains naissent libres et égaux en dignité et en droit"
        "s. Ils sont doués de raison et de conscience et doivent agir les uns e"
        "nvers les autres dans un esprit de fraternité. Tout individu a droit à"
        " la vie, à la liberté et à la sûreté de sa personne."
    ),
    "German": (
        "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie s"
        "ind mit Vernunft und Gewissen begabt und sollen einander im Geist der "
        "Brüderlichkeit begegnen. Jeder hat das Recht auf Leben, Freiheit und S"
        "icherheit der Person, größer als für sich."
    ),
    "Polish": (
        "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i sw"
        "ych praw. Są oni obdarzeni rozumem i sumieniem i powinni postępować wo"
        "bec innych w duchu braterstwa. Każdy człowiek ma prawo do życia, wolno"
        "ści i bezpieczeństwa swej osoby."
    ),
    "Czech": (
        "Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv. J"
        "sou nadáni rozumem a svědomím a mají spolu jednat v duchu bratrství. K"
        "aždý má právo na život, svobodu a osobní bezpečnost."
    ),
    "Vietnamese": (
        "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và q"
        "uyền lợi. Mọi con người đều được tạo hóa ban cho lý trí và lương tâm v"
        "à cần phải đối xử với nhau trong tình bằng hữu. Ai cũng có quyền sống,"
        " tự do và an toàn thân thể."
    ),
    "Greek": (
        "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τ"
        "α δικαιώματα. Είναι προικισμένοι με λογική και συνείδηση, και οφείλουν"
        " να συμπεριφέρονται μεταξύ τους με πνεύμα αδελφοσύνης. Κάθε άτομο έχει"
        " δικαίωμα στη ζωή, την ελευθερία."
    ),
    "Russian": (
        "Все люди рождаются свободными и равными в своём достоинстве и правах. "
        "Они наделены разумом и совестью и должны поступать в отношении друг др"
        "уга в духе братства. Каждый человек имеет право на жизнь, на свободу и"
        " на личную неприкосновенность."
    ),
    "Ukrainian": (
        "Всі люди народжуються вільними і рівними у своїй гідності та правах. В"
        "они наділені розумом і совістю і повинні діяти у відношенні один до од"
        "ного в дусі братерства. Кожна людина має право на життя, на свободу і "
        "на особисту недоторканність її."
    ),
    "Hebrew": (
        "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם. כולם חוננו בתבונ"
        "ה ובמצפון, לפיכך חובה עליהם לנהוג איש ברעהו ברוח של אחווה. כל אדם יש ל"
        "ו הזכות לחיים, לחירות ולביטחון אישי."
    ),
    "Arabic": (
        "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق. وقد وهبوا عقلا وضمي"
        "را وعليهم أن يعامل بعضهم بعضا بروح الإخاء. لكل فرد الحق في الحياة والح"
        "رية وسلامة شخصه، ولا يجوز استرقاق أحد."
    ),
    "Hindi": (
        "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और स"
        "मानता प्राप्त है। उन्हें बुद्धि और अन्तरात्मा की देन प्राप्त है और परस"
        "्पर उन्हें भाईचारे के भाव से बर्ताव करना चाहिए। बड़े ढंग से पढ़ना।"
    ),
    "Bengali": (
        "সমস্ত মানুষ স্বাধীনভাবে সমান মর্যাদা এবং অধিকার নিয়ে জন্মগ্রহণ করে। ত"
        "াঁদের বিবেক এবং বুদ্ধি আছে; সুতরাং সকলেরই একে অপরের প্রতি ভ্রাতৃত্বসুল"
        "ভ মনোভাব নিয়ে আচরণ করা উচিত।"
    ),
    "Tamil": (
        "மனிதப் பிறவியினர் சகலரும் சுதந்திரமாகவே பிறக்கின்றனர்; அவர்கள் மதிப்பி"
        "லும் உரிமைகளிலும் சமமானவர்கள். அவர்கள் நியாயத்தையும் மனச்சாட்சியையும் "
        "இயற்பண்பாகப் பெற்றவர்கள்."
    ),
    "Korean": (
        "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. 인간은 천부적으로 이성과 양심을 부여받았으며 서로 "
        "형제애의 정신으로 행동하여야 한다. 모든 사람은 생명과 신체의 자유와 안전에 대한 권리를 가진다."
    ),
    "Chinese": (
        "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。人人有权享有生命、自由和人身安全。任何人不得使为奴隶或"
        "奴役；一切形式的奴隶制度和奴隶买卖，均应予以禁止。"
    ),
    "Japanese": (
        "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。人間は、理性と良心とを授けられており、互いに同胞の精神を"
        "もって行動しなければならない。すべて人は、生命、自由及び身体の安全に対する権利を有する。プログラムをダウンロードする。"
    ),
    "Thai": (
        "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ ต่างมี"
        "เหตุผลและมโนธรรม และควรปฏิบัติต่อกันด้วยเจตนารมณ์แห่งภราดรภาพ ทุกคนมีส"
        "ิทธิในการดำรงชีวิต เสรีภาพ และความมั่นคงแห่งบุคคล"
    ),
    "Khmer": (
        "មនុស្សទាំងអស់កើតមកមានសេរីភាពនិងសមភាពក្នុងសេចក្ដីថ្លៃថ្នូរនិងសិទ្ធិ។ មន"
        "ុស្សមានវិចារណញ្ញាណនិងសតិសម្បជញ្ញៈហើយត្រូវប្រព្រឹត្តចំពោះគ្នាទៅវិញទៅមកក"
        "្នុងស្មារតីរាប់អានគ្នាជាបងប្អូន។"
    ),
    "Lao": (
        "ມະນຸດທຸກຄົນເກີດມາມີກຽດສັກສີ ສິດທິ ເສລີພາບແລະຄວາມສະເໝີພາບເທົ່າທຽມກັນ. ທ"
        "ຸກໆຄົນມີເຫດຜົນແລະຄວາມຄິດຄວາມເຫັນສ່ວນຕົວຂອງໃຜຂອງມັນ ແຕ່ວ່າມະນຸດທຸກໆຄົນຄ"
        "ວນປະພຶດຕໍ່ກັນຄືກັນກັບເປັນອ້າຍນ້ອງກັນ."
    ),
    "Burmese": (
        "လူတိုင်းသည် တူညီလွတ်လပ်သော ဂုဏ်သိက္ခာဖြင့်လည်းကောင်း၊ တူညီလွတ်လပ်သော အ"
        "ခွင့်အရေးများဖြင့်လည်းကောင်း မွေးဖွားလာသူများဖြစ်သည်။ ထိုသူတို့၌ ပိုင်"
        "းခြားဝေဖန်တတ်သော ဉာဏ်နှင့်ကျင့်ဝတ်သိတတ်သော စိတ်တို့ရှိကြသည်။"
    ),
}
