"""Drugs, procedures, devices and observations: concept | spellings ("*": each its own concept); stems of drugs' names."""

DRUGS = """
study_treatment | study drug; study drugs; study treatment; study medication; study medications; study intervention; investigational product; study agent; study product; study therapy; investigational medicinal product; study treatments; trial drug; the drug under study; trial treatment; study compound; protocol therapy; study interventions
excipients | excipients; excipient; components; component; ingredients; ingredient; any of the components; any of its components; any of its excipients; formulation; any component; any ingredient; inactive ingredient; any of their excipients; any of the excipients; any of their components; any of the ingredients; their excipients; its components; its excipients
similar_compounds | compounds of similar chemical or biologic composition; drugs of similar chemical class; compounds of similar chemical composition; agents of similar class; other monoclonal antibody; drugs of similar chemical classes; similar compounds
investigational_drug | investigational drug; investigational agent; investigational agents; investigational drugs; experimental drug; experimental therapy; investigational therapy; investigational treatment; investigational medication; experimental agent; unapproved drug; investigational compound; other investigational agent; any investigational agent; any other investigational agent; investigational anti cancer therapy; another investigational agent; another investigational drug; investigational anticancer therapy; investigational new drug; investigational drug product; experimental treatment
chemotherapy_agent | cytotoxic agents; cytotoxic drugs; cytotoxic agent; antineoplastic agents; chemotherapeutic agents; anticancer agent; anticancer drug; cytotoxic drug; antineoplastic drug; anti cancer drug; anti neoplastic agent; chemotherapeutic drug
corticosteroids | corticosteroids; corticosteroid; steroids; glucocorticoids; steroid; corticosteroid therapy; steroid therapy; glucocorticoid; steroid medication
systemic_corticosteroids | systemic corticosteroids; systemic steroids; systemic steroid therapy; systemic glucocorticoid; systemic corticosteroid; systemic corticosteroid therapy; systemic steroid
* | inhaled corticosteroids; topical steroids; oral corticosteroids; oral steroid
immunosuppressants | immunosuppressants; immunosuppressive drugs; immunosuppressive medication; immunosuppressive agents; immunosuppressant; immunosuppressive drug; immunosuppressive medications; immunosuppressive agent; immunosuppressive
systemic_immunosuppressants | systemic immunosuppressive medication; systemic immunosuppressant
anticoagulants | anticoagulants; anticoagulant; anticoagulation; vitamin k antagonists; coumadin; coumarin; therapeutic anticoagulation; noac; doac; anticoagulation therapy; anticoagulant therapy; full dose anticoagulation; lmwh; vitamin k antagonist
oral_anticoagulants | oral anticoagulant; oral anticoagulants; oral anticoagulation
* | low molecular weight heparin; unfractionated heparin; direct thrombin inhibitor
antiplatelets | antiplatelet agents; antiplatelet therapy; antiplatelet drugs; antiplatelet; thienopyridine
antibiotics | antibiotics; antibiotic; iv antibiotics; antibiotic therapy; antimicrobial; antibacterial; antibiotic treatment; antimicrobial therapy
systemic_antibiotics | systemic antibiotics; systemic antibiotic therapy; systemic antibiotic
intravenous_antibiotics | intravenous antibiotics
oral_antibiotics | oral antibiotic
antivirals | antivirals; antiviral; antiviral therapy; antiretroviral; antiretroviral therapy; haart; antiretrovirals; art
antifungals | antifungal; antifungals
antiepileptics | antiepileptic drugs; anticonvulsants; anti epileptic drugs; anticonvulsant; antiepileptic; antiepileptics
enzyme_inducing_antiepileptics | enzyme inducing antiepileptic drug; eiaed
antidepressants | antidepressants; antidepressant
* | ssri; ssris; snri; tricyclic antidepressants; maoi; monoamine oxidase inhibitors; monoamine oxidase inhibitor; tricyclic antidepressant; mao inhibitor
antipsychotics | antipsychotics; antipsychotic; neuroleptics; neuroleptic; psychotropic medication; psychotropic
psychotropic_drug | psychotropic drug
benzodiazepines | benzodiazepines; benzodiazepine; sedatives; hypnotics; sedative; anxiolytic
opioids | opioids; opioid; opiates; opiate; narcotics; opioid analgesic; narcotic
nsaids | nsaids; nsaid; non steroidal anti inflammatory drugs; nonsteroidal anti inflammatory drugs; non steroidal anti inflammatory drug
stimulants | stimulants; stimulant
* | cocaine; amphetamine; methamphetamine; amphetamines; cannabis; marijuana; cannabinoids; heroin; nicotine; caffeine
statins | statins; statin; hmg coa reductase inhibitors
* | fibrates; fibrate
antihypertensives | antihypertensive; antihypertensives; antihypertensive medication
* | ace inhibitors; ace inhibitor; beta blockers; beta blocker; diuretics; diuretic; calcium channel blocker; angiotensin receptor blocker; nitrates; nitrate; alpha blocker; loop diuretic
antiarrhythmics | antiarrhythmics; antiarrhythmic; antiarrhythmic drugs; antiarrhythmic therapy; antiarrhythmic medication
insulin | insulin; insulin therapy
* | basal insulin; insulin glargine; rapid acting insulin; insulin pump therapy; prandial insulin
antidiabetics | glucose lowering agent; antihyperglycemic
oral_antidiabetics | oral antidiabetic drugs; oral hypoglycemic; oral antidiabetic
* | sulfonylureas; sulfonylurea; sglt2 inhibitors; glp 1 receptor agonists; dpp 4 inhibitors; thiazolidinediones; thiazolidinedione; glp 1 receptor agonist; metformin
glucagon | glucagon; nasal glucagon
copper_chelators | copper chelators; chelation therapy; chelating agent; copper chelator; chelator; decoppering
* | d penicillamine; penicillamine; trientine; zinc; trientine hydrochloride; zinc acetate; bis choline tetrathiomolybdate
cholinesterase_inhibitors | cholinesterase inhibitors; acetylcholinesterase inhibitor; cholinesterase inhibitor; anticholinesterase
* | donepezil; rivastigmine; galantamine; tacrine; memantine
anticholinergics | anticholinergics; anticholinergic; anticholinergic drug; anticholinergic medication
* | antihistamine; antihistamines; antiparkinsonian
hormonal_contraceptives | hormonal contraceptives; hormonal contraception; contraceptive pill; hormonal contraceptive; contraceptives
oral_contraceptives | oral contraceptives; oral contraceptive pills; oral contraceptive
sex_hormones | sex hormones
* | estrogen; progesterone; progestin; progestogen; androgens; estrogens; androgen
immune_checkpoint_inhibitor | immune checkpoint inhibitor; checkpoint inhibitor; immune checkpoint inhibitors; anti pd 1 or pd l1; anti pd 1 pd l1; pd 1 pd l1 inhibitor; anti pd 1 or anti pd l1; checkpoint blockade; pd 1 or pd l1 inhibitor; anti pd 1 or anti pd l1 antibody; anti pd 1 or anti pd l1 agent; immune checkpoint blockade
* | anti pd 1; anti pd l1; anti ctla 4; anti pd l2; anti pd 1 antibody; anti pd l1 antibody; anti cd137; anti ctla 4 antibody; pd 1 inhibitor; pd l1 inhibitor; pd 1 antibody; pd l1 antibody; anti pd l2 agent; anti pd 1 agent; anti pd l1 agent; anti pd l 1; anti pd 1 therapy; anti pd l1 therapy; anti cytotoxic t lymphocyte associated antigen 4
egfr_inhibitor | egfr tki; egfr inhibitor; egfr tyrosine kinase inhibitor; anti egfr antibody; anti egfr; anti egfr therapy; egfr tkis
her2_therapy | anti her2 therapy; her2 targeted therapy; anti her2; anti her2 treatment
* | trastuzumab
vegf_inhibitor | vegf inhibitor; anti vegf; anti angiogenic therapy; antiangiogenic; anti vegf therapy; antiangiogenic therapy
* | bevacizumab
tyrosine_kinase_inhibitor | tyrosine kinase inhibitor; tki; tkis; tyrosine kinase inhibitors
parp_inhibitor | parp inhibitor; parp inhibitors
cdk4_6_inhibitor | cdk4 6 inhibitor; cdk4 6 inhibitors; cdk 4 6 inhibitor; cdk4 6i
btk_inhibitor | btk inhibitor; bruton tyrosine kinase inhibitor; btk inhibitors
mtor_inhibitor | mtor inhibitor; mtor inhibitors
pi3k_inhibitor | pi3k inhibitor; pi3k inhibitors
platinum | platinum; platinum based chemotherapy; platinum containing chemotherapy; platinum based therapy; platinum based regimen; platinum based doublet chemotherapy
* | cisplatin; carboplatin; oxaliplatin
taxane | taxane; taxanes
anthracycline | anthracycline; anthracyclines
proteasome_inhibitor | proteasome inhibitor
* | bortezomib; carfilzomib; ixazomib; velcade
immunomodulator | immunomodulatory drug; imid; immunomodulator; immunomodulatory agent; immunomodulating agent
* | lenalidomide; thalidomide; pomalidomide
interferon | interferon; interferons; peginterferon; interferon alpha; peginterferon alfa
* | interleukin 2; il 2; cytokine
monoclonal_antibody | monoclonal antibody; monoclonal antibodies; biologic; biologics; biologic agent; biological agent; humanized antibody; chimeric antibody; biologic therapy; biological therapy; tnf inhibitor; anti tnf; tnf blocker; biological agents; monoclonal antibody therapy
biological_drug | biological drug
growth_factors | growth factors; g csf; gm csf; hematopoietic growth factor; granulocyte colony stimulating factor; colony stimulating factor; growth factor; growth factor support; hematopoietic growth factors
* | erythropoietin; epo
cyp3a4_inhibitor | cyp3a4 inhibitor; cyp3a inhibitor; cyp3a4 inhibitors; cyp3a inhibitors
strong_cyp3a4_inhibitor | strong cyp3a4 inhibitor; strong cyp3a inhibitor; strong inhibitor of cyp3a4; strong inhibitors of cyp3a4
cyp3a4_inducer | cyp3a4 inducer; cyp3a inducer; cyp3a4 inducers; cyp3a inducers
strong_cyp3a4_inducer | strong cyp3a4 inducers; strong cyp3a inducer; strong inducers of cyp3a4
proton_pump_inhibitor | proton pump inhibitor; ppi; proton pump inhibitors; ppis
* | antacid; h2 receptor antagonist; h2 blocker
herbal_medicine | herbal; herbal medicine; herbal medication; traditional chinese medicine; herbal remedies; chinese herbal medicine; herbal supplement; herbal preparation
* | st john's wort; dietary supplement; vitamins; grapefruit; grapefruit juice; supplement
live_vaccine | live vaccine; live attenuated vaccine; live vaccines; live attenuated vaccines; live virus vaccine; live or live attenuated vaccine; attenuated live vaccine; live attenuated virus vaccine; live vaccine therapy
vaccine | vaccine; vaccines; influenza vaccine
bisphosphonate | bisphosphonate; bisphosphonates; zoledronic acid
* | denosumab
anaesthetics | local anesthetics; local anesthetic; anesthetics; anesthetic; general anesthetic; muscle relaxants; muscle relaxant
contrast_agent | contrast agent; contrast media; iodinated contrast; gadolinium; contrast; contrast medium; iodinated contrast media; iv contrast
intravenous_contrast_agent | intravenous contrast
blood_products | blood products
* | immunoglobulin; ivig; intravenous immunoglobulin; gamma globulin; immunoglobulins; albumin infusion
alcohol | alcohol; alcoholic beverages; ethanol
medication | medication; medications; drug; drugs; medicine; concomitant medication; prescription medication; prohibited medication; concomitant medications; other medication; agents; medicinal product
aspirin | aspirin; acetylsalicylic acid; asa aspirin
paracetamol | acetaminophen; paracetamol
warfarin | warfarin
heparin | heparin
lithium | lithium
digoxin | digoxin
* | sulfonamide; quinolone; macrolide; fluoroquinolone; aminoglycoside; cephalosporin; penicillin; beta lactam; bronchodilator; inhaler; mood stabilizer; mucolytic; multivitamin; antioxidant; antiemetic; antimycotic; nitrosourea; camptothecin; fluoropyrimidine; epothilone; somatostatin analogue; immune globulin; bile acid sequestrant; ergotamine; egg; soy; shellfish; fish oil; latex; iodine; povidone iodine; placebo; niacin; naproxen; ibuprofen; indomethacin; ketorolac; hydrocodone; oxymorphone; butorphanol; nalbuphine; pentazocine; butalbital; disulfiram; melatonin; ramelteon; zopiclone; zolpidem; nefazodone; clomipramine; lurasidone; felbamate; flecainide; disopyramide; encainide; tocainide; moricizine; ivabradine; ranolazine; terazosin; doxazosin; prazosin; tamsulosin; alfuzosin; silodosin; glyburide; glibenclamide; glipizide; tolbutamide; exenatide; gemfibrozil; ezetimibe; cholestyramine; entecavir; lamivudine; adefovir; efavirenz; etravirine; nevirapine; cobicistat; chloramphenicol; colistin; dapsone; amphotericin b; pentamidine; foscarnet; rifaximin; ceftriaxone; cephalexin; vancomycin; linezolid; quinine; mefloquine; primaquine; artemether; mitoxantrone; arsenic; asparaginase; thioguanine; hydroxyurea; procarbazine; lomustine; streptozocin; mitotane; ketoconazole; rasburicase; tranexamic acid; epinephrine; norepinephrine; dopamine; dobutamine; nitroprusside; sugammadex; rocuronium; diphenhydramine; acetazolamide; pilocarpine; chlorthalidone; tolcapone; tetrabenazine; dextromethorphan; apomorphine; botulinum toxin; botox; hyaluronic acid; collagenase; medroxyprogesterone; depo provera; sex hormone; aminosalicylate; 5 asa; mesalamine; ursodeoxycholic acid; udca; folic acid; vitamin e; vitamin c; vitamin d supplement; vitamin k; potassium supplement; antithymocyte globulin; alemtuzumab; teriparatide; raloxifene; calcitonin; salmon calcitonin; pramlintide; glp 1; glp 1 analogue; incretin; alpha glucosidase inhibitor; meglitinide; ammonium tetrathiomolybdate; folinic acid; leucovorin; trifluridine; regorafenib; lutetium psma; samarium; yttrium; p gp inhibitor; p gp inducer; bcrp inhibitor; qt prolonging drug; cytochrome p450 inhibitor; xanomeline; estrogen replacement; propoxyphene; tacrine hydrochloride; phenytoin sodium; st jonh's wort; glucocorticosteroid; immunosuppressor; anti coagulant; anti histamine; anti depressant; anti hypertensive; anti viral; anti arrhythmic; antiaggregant; arb; acei; aed; steroid hormone; recreational drug; street drug; illicit drug; illicit substance; drugs of abuse; cyp2d6 inhibitor; cyp2c8 inhibitor; cyp1a2 inhibitor
levothyroxine | levothyroxine; thyroid hormone
"""

OTHER_DRUGS = """
phenytoin cyclosporine cyclosporin ritonavir rifampin rifampicin rifabutin rifapentine carbamazepine
oxcarbazepine phenobarbital tetracycline doxycycline methotrexate cyclophosphamide naloxone naltrexone
methadone buprenorphine morphine codeine oxycodone hydromorphone fentanyl tramadol ketamine propofol
dexmedetomidine gabapentin pregabalin topiramate lamotrigine valproate valproic levetiracetam colchicine
azathioprine mercaptopurine mycophenolate hydroxychloroquine chloroquine sulfasalazine leflunomide
theophylline clonidine amiodarone sotalol verapamil diltiazem propafenone mexiletine quinidine
bosentan sildenafil tadalafil vardenafil isoniazid pyrazinamide ethambutol acyclovir ganciclovir
ribavirin clopidogrel ticlopidine dipyridamole fluoxetine fluvoxamine paroxetine sertraline citalopram
escitalopram venlafaxine duloxetine bupropion mirtazapine trazodone haloperidol chlorpromazine
clozapine olanzapine quetiapine risperidone aripiprazole ziprasidone modafinil methylphenidate
dexamethasone prednisone prednisolone hydrocortisone methylprednisolone budesonide triamcinolone
vincristine vinblastine vinorelbine etoposide irinotecan topotecan gemcitabine capecitabine fluorouracil
pemetrexed bleomycin mitomycin cytarabine fludarabine ifosfamide temozolomide dacarbazine
melphalan busulfan doxorubicin epirubicin daunorubicin idarubicin docetaxel paclitaxel eribulin
tamoxifen letrozole anastrozole exemestane fulvestrant abiraterone enzalutamide goserelin leuprolide
octreotide lanreotide everolimus temsirolimus tacrolimus sirolimus venetoclax azacitidine decitabine
metformin pioglitazone rosiglitazone acarbose magnesium calcium iron folate digitalis nitroglycerin
montelukast salbutamol albuterol finasteride dutasteride oxytocin misoprostol mifepristone eltrombopag
romiplostim danazol megestrol allopurinol febuxostat probenecid spironolactone furosemide erythromycin
clarithromycin telithromycin azithromycin metronidazole ketoconazole itraconazole fluconazole
voriconazole posaconazole terfenadine cisapride pimozide dronedarone strontium radium lutetium
amantadine selegiline rasagiline levodopa bromocriptine cabergoline tolvaptan desmopressin
""".split()  # noqa: SIM905

DRUG_ENDINGS = (
    "mab", "tinib", "ciclib", "parib", "platin", "rubicin", "taxel", "pril", "sartan", "olol", "vastatin",
    "azole", "mycin", "cillin", "floxacin", "cycline", "navir", "tegravir", "buvir", "asvir", "ciclovir",
    "gliptin", "gliflozin", "glutide", "glitazone", "dipine", "azepam", "azolam", "triptan", "setron",
    "prazole", "tidine", "parin", "xaban", "gatran", "caine", "curium", "barbital", "oxetine", "triptyline",
    "profen", "fenac", "coxib", "thiazide", "semide", "lukast", "terol", "tropium", "nercept", "kinra",
    "rolimus", "mustine", "trexate", "citabine", "poside", "tecan", "relin", "relix", "lutamide", "fungin",
    "penem", "dronate", "grastim", "poetin", "gramostim", "grel", "teplase", "vudine", "ribine", "lisib",
    "rafenib", "metinib", "zomib", "domide", "degib", "leucel", "vedotin", "deruxtecan", "statine", "fovir",
    "glinide", "lidomide", "nidazole", "phylline", "peridone", "prost", "oxacin", "sidenib", "cabtagene",
)  # fmt: skip

DRUG_HEADS = """
inhibitor blocker agonist antagonist inducer antibody antibodies contraceptive antidepressant steroid
drug medication medicine agent antibiotic vaccine analgesic anesthetic supplement antihistamine
derivative analog compound substrate
""".split()  # noqa: SIM905

PROCEDURES = """
chemotherapy | chemotherapy; chemo; cytotoxic chemotherapy; chemotherapies; chemotherapy regimen; chemotherapy treatment
systemic_chemotherapy | systemic chemotherapy; systemic cytotoxic chemotherapy
adjuvant_chemotherapy | adjuvant chemotherapy
neoadjuvant_chemotherapy | neoadjuvant chemotherapy
adjuvant_or_neoadjuvant_chemotherapy | adjuvant or neoadjuvant chemotherapy; neoadjuvant or adjuvant chemotherapy
radiotherapy | radiotherapy; radiation therapy; radiation; radiation treatment; radiation therapies; xrt; irradiation; radiotherapy treatment
palliative_radiotherapy | palliative radiotherapy; palliative radiation; palliative radiation therapy
external_beam_radiotherapy | external beam radiation therapy; external beam radiotherapy
cranial_radiotherapy | cranial irradiation; cranial radiotherapy; brain radiotherapy
whole_brain_radiotherapy | whole brain radiotherapy; whole brain radiation therapy; wbrt
thoracic_radiotherapy | thoracic radiotherapy; thoracic radiation therapy; lung radiation
pelvic_radiotherapy | pelvic radiotherapy; pelvic irradiation; pelvic radiation
chemoradiotherapy | chemoradiotherapy; chemoradiation; concurrent chemoradiotherapy; chemoradiation therapy
stereotactic_radiotherapy | stereotactic radiosurgery; srs; stereotactic radiotherapy; sbrt; stereotactic body radiation therapy; gamma knife
radioisotope_therapy | radioisotope therapy; radionuclide therapy; radiopharmaceutical; radiopharmaceuticals; radioimmunotherapy; brachytherapy
immunotherapy | immunotherapy; immunotherapies; cancer immunotherapy; immune therapy; anti cancer immunotherapy
hormone_therapy | hormonal therapy; hormone therapy; endocrine therapy; hormonal treatment; endocrine treatment; antihormonal therapy; anti hormonal therapy
adjuvant_endocrine_therapy | adjuvant endocrine therapy
androgen_deprivation_therapy | androgen deprivation therapy; adt; castration
* | orchiectomy; bilateral orchiectomy
hormone_replacement_therapy | hormone replacement therapy; hrt
targeted_therapy | targeted therapy; molecular targeted therapy; targeted agent; targeted therapies; small molecule targeted therapy; targeted small molecule therapy; small molecule therapy; molecularly targeted therapy
systemic_anticancer_therapy | systemic anticancer therapy; systemic anti cancer therapy; systemic antineoplastic therapy; systemic anti cancer treatment; systemic antitumor therapy; systemic anti tumor therapy; systemic anticancer treatment
anticancer_therapy | anticancer therapy; anti cancer therapy; cancer therapy; antineoplastic therapy; antitumor therapy; anti tumor therapy; anticancer treatment; anti cancer treatment; antitumor treatment; anti neoplastic therapy; anti tumor treatment; cancer treatment; antineoplastic treatment; anticancer therapies
systemic_therapy | systemic therapy; systemic treatment; prior systemic therapy
cell_therapy | cell therapy; car t; car t cell therapy; chimeric antigen receptor t cell therapy; adoptive cell therapy; car t therapy; cellular therapy; chimeric antigen receptor t cell
* | gene therapy
stem_cell_transplant | allogeneic or autologous stem cell transplant; allogeneic or autologous stem cell transplantation; autologous or allogeneic stem cell transplant; autologous or allogeneic stem cell transplantation; allogeneic or autologous hematopoietic stem cell transplant; allogeneic or autologous hematopoietic stem cell transplantation; autologous or allogeneic hematopoietic stem cell transplantation; stem cell transplant; stem cell transplantation; hematopoietic stem cell transplantation; hsct; hematopoietic stem cell transplant; hematopoietic cell transplantation
allogeneic_stem_cell_transplant | allogeneic stem cell transplantation; allogeneic stem cell transplant; allogeneic hematopoietic stem cell transplantation; allogeneic hematopoietic stem cell transplant; allogeneic hsct; allogeneic hematopoietic cell transplantation; allogeneic hematopoietic cell transplant; allogenic stem cell transplantation; allogenic stem cell transplant; allogenic hematopoietic stem cell transplantation; allogenic hematopoietic stem cell transplant; allo hsct
autologous_stem_cell_transplant | autologous stem cell transplantation; autologous hematopoietic stem cell transplantation; autologous stem cell transplant; autologous hematopoietic stem cell transplant; autologous hsct; autologous hematopoietic cell transplantation
allogeneic_bone_marrow_transplant | allogeneic bone marrow transplantation; allogenic bone marrow transplantation; allogeneic bone marrow transplant; allogenic bone marrow transplant
autologous_bone_marrow_transplant | autologous bone marrow transplantation; autologous bone marrow transplant
allogeneic_transplant | allogeneic transplant; allogeneic transplantation; allogenic transplant; allogenic transplantation
autologous_transplant | autologous transplant; autologous transplantation
bone_marrow_transplant | bone marrow transplant; bone marrow transplantation
stem_cell_rescue | stem cell rescue
organ_transplant | organ transplant; organ transplantation; organ allograft; organ allografts
allogeneic_organ_transplant | allogeneic organ transplant; allogeneic organ transplantation
allogeneic_tissue_or_solid_organ_transplant | allogeneic tissue solid organ transplant; allogenic tissue solid organ transplant
solid_organ_transplant | solid organ transplant; solid organ transplantation; solid organ allograft; solid organ transplants
transplant | transplant; transplantation
* | kidney transplant; liver transplant; heart transplant; lung transplant; liver transplantation; kidney transplantation; heart transplantation; renal transplant; renal transplantation; lung transplantation
major_surgery | major surgery; major surgical procedure; major surgeries; major operation; major surgical procedures; major surgical operation; major surgical intervention; major surgical resection
surgery | surgery; surgical procedure; surgical resection; surgical treatment; operation; surgical intervention; surgeries; resection; surgical therapy; surgical excision; excision; operative
* | elective surgery; minor surgery; emergency surgery
cardiac_surgery | cardiac surgery; heart surgery; valve surgery
open_heart_surgery | open heart surgery
coronary_bypass | coronary artery bypass graft; cabg; coronary artery bypass grafting; coronary artery bypass surgery; bypass surgery; coronary artery bypass; coronary peripheral artery bypass graft; coronary bypass
coronary_intervention | percutaneous coronary intervention; pci; coronary angioplasty; coronary stenting; coronary revascularization; percutaneous intervention; percutaneous transluminal coronary angioplasty
* | revascularization; stent placement; stenting; angioplasty
bariatric_surgery | bariatric surgery
gastric_bypass | gastric bypass
blood_transfusion | blood transfusion; transfusion; platelet transfusion; transfusions; transfusion of blood products; rbc transfusion; transfusion support
red_blood_cell_transfusion | red blood cell transfusion
blood_donation | blood donation; donated blood; plasma donation; donation of blood
dialysis | dialysis; hemodialysis; renal dialysis; renal replacement therapy
peritoneal_dialysis | peritoneal dialysis
* | plasmapheresis
mechanical_ventilation | mechanical ventilation; intubation; ventilator
oxygen_therapy | oxygen therapy; supplemental oxygen; oxygen; home oxygen; oxygen supplementation; continuous oxygen therapy
parenteral_nutrition | parenteral nutrition; tube feeding; enteral feeding; tpn
hospitalisation | hospitalization; hospitalized; hospital admission; inpatient
biopsy | biopsy; core biopsy; tumor biopsy; open biopsy; liver biopsy; bone marrow biopsy
hysterectomy | hysterectomy
oophorectomy | oophorectomy; ovariectomy
bilateral_oophorectomy | bilateral oophorectomy
bilateral_salpingectomy | bilateral salpingectomy
tubal_ligation | tubal ligation; sterilization; surgical sterilization
* | vasectomy; vasectomized; bilateral tubal ligation
caesarean | cesarean section; cesarean delivery; vaginal delivery; cesarean; c section
contraception | contraception; contraceptive method; birth control; effective contraception; contraceptive measures; contraceptive methods; highly effective contraception; contraceptive; method of contraception; methods of contraception; birth control method; barrier method; abstinence; barrier contraception; contraceptive precautions; barrier methods
imaging | mri; magnetic resonance imaging; ct; computed tomography; ct scan; mri scan; x ray; ultrasound; echocardiography; echocardiogram; imaging; radiograph; pet; pet ct; chest x ray; ultrasonography; bone scan; pet scan; radiographic; mammography; muga; chest radiograph; angiography; mammogram
endoscopy | endoscopy; colonoscopy; gastroscopy; bronchoscopy; cystoscopy; spirometry; lumbar puncture
electroconvulsive_therapy | electroconvulsive therapy; ect
* | psychotherapy; cognitive behavioral therapy
anaesthesia | general anesthesia; spinal anesthesia; regional anesthesia; anesthesia; epidural; local anesthesia
immunosuppressive_therapy | immunosuppressive therapy; immunosuppressive treatment; immunomodulatory therapy; immunomodulatory treatment
systemic_immunosuppressive_therapy | systemic immunosuppressive therapy
vaccination | vaccination; immunization; vaccinations; vaccinated
physical_examination | physical examination; physical exam; neurological examination
dual_antiplatelet_therapy | dual antiplatelet therapy
* | thrombolysis; thrombolytic therapy
* | cervical cerclage; admission; transcranial magnetic stimulation; tms; spinal fusion; fusion; enteral nutrition; circumcision; in vitro fertilization; ivf; icsi; blood sample; follow up visit; complete blood count; cbc; physical therapy; rehabilitation; acupuncture; phototherapy; puva; sedation; deep sedation; nerve block; injection; tracheostomy; thoracentesis; paracentesis procedure; tips procedure; embolization; tace; chemoembolization; radiofrequency ablation; hifu; cryotherapy; hyperthermia; hipec; lymph node dissection; mastectomy; prostatectomy; nephrectomy; lobectomy; splenectomy; whipple; debridement; tooth extraction; extraction; root canal; deep brain stimulation; vagus nerve stimulation; cardioversion; ecmo; life support; ventilatory support; diet; ketogenic diet; yoga; meditation; serology; hematology; slit lamp; neuraxial; induction of labor; exercise test; treadmill exercise test; optical coherence tomography; oct; spirometric; surgical removal; removal; donation; leukapheresis; photopheresis; donor lymphocyte infusion; tumor resection; debulking
treatment | treatment; therapy; treatments; therapies; other therapy; standard therapy; standard of care; standard treatment; pharmacotherapy; pharmacological treatment; drug therapy; intervention
"""

PROCEDURE_ENDINGS = (
    "ectomy", "plasty", "otomy", "ostomy", "scopy", "graphy", "pexy", "centesis", "ectomies", "desis",
    "apheresis", "therapy", "therapies", "graft", "surgery", "surgeries", "bypass", "lysis", "ablation",
)  # fmt: skip
PROCEDURE_HEADS = """
surgery transplant transplantation therapy procedure resection repair replacement arthroplasty
implantation reconstruction biopsy anesthesia ventilation intervention treatment ablation catheterization
examination imaging transfusion graft grafting operation scan delivery ligation
""".split()  # noqa: SIM905

DEVICES = """
pacemaker | pacemaker; cardiac pacemaker; permanent pacemaker; implantable defibrillator; defibrillator; icd; implantable cardioverter defibrillator
metal_implant | metal implant; aneurysm clip; cochlear implant; metallic implant; neurostimulator; ferromagnetic; shrapnel; prosthesis; metallic foreign body; implanted metal; metal implants; implant; implanted device
stent | stent; vascular graft; bare metal stent; prosthetic valve; artificial heart valve; mechanical heart valve; prosthetic heart valve
drug_eluting_stent | drug eluting stent
intrauterine_device | intrauterine device; iud; condom; diaphragm; condoms
catheter | catheter; indwelling catheter; feeding tube; port; shunt; nasogastric tube
central_venous_catheter | central venous catheter
* | catheters; screw; prosthetic joint; artificial joint; left ventricular assist device; cpap; tens; neural stimulator; vena cava filter; electrode; mesh; brace; denture; orthodontic device; tattoo; crt; metal
contact_lenses | contact lenses; contact lens; hearing aid; wheelchair; insulin pump
"""

OBSERVATIONS = """
family_history | family history
smoking_status | pack years; pack year; cigarettes per day; drinks per day; alcohol consumption; alcohol intake; smokes
residence | place of residence; nursing home
informed_consent | informed consent; written informed consent; consent; assent; written consent; signed informed consent
* | self harm; risk of suicide; bleeding risk; risk of bleeding
prisoner | prisoner; incarcerated; institutionalized; detention; vulnerable population
caregiver | caregiver; reliable caregiver; legal guardian
life_threatening | life threatening
night_shift | night shift; shift worker
sexually_active | sexually active
english_speaking | english speaking; fluent in english; speak english; read and write
literacy | literate; illiterate; language barrier; able to read
"""

PERSONS = """
age | age; aged; years of age; year of age; ages; year old; years old; y o; yo
sex:female | female; females; woman; women; girl; girls
sex:male | male; males; man; men; boy; boys
adult | adult; adults
child | child; children; pediatric; adolescent; adolescents; newborn; newborns; infant; infants; neonate; minors; minor; toddler
"""
